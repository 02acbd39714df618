import { explain, type Explanation } from './explain';

/**
 * Says why a text is not a plain http(s) address, or `undefined` where it is one.
 * The text is never repeated: it may hold a password.
 */
export function explainUrl(text: string): Explanation | undefined {
  if (!URL.canParse(text)) return explain('URL_INCOMPLETE');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return explain('URL_PROTOCOL');
  if (url.username !== '' || url.password !== '') return explain('URL_USER');
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) return explain('URL_QUERY');
  return undefined;
}
