/**
 * Says why a text is not a plain http(s) address, or `undefined` where it is one.
 * The text is never repeated: it may hold a password.
 *
 * @returns one plain sentence.
 */
export function explainUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'Enter a full address, such as https://s3.example.com.';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'The address begins with https:// or http://.';
  if (url.username !== '' || url.password !== '') return 'The address cannot hold a user name or a password.';
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) return 'The address cannot hold "?" or "#".';
  return undefined;
}
