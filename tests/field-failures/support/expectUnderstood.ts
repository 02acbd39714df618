import { languages, toldByPage, type Told } from './toldByPage';

/**
 * The page tells it in each of its languages: the cause, and the fix where there is something to do. English says it in
 * the server's words, which name the bucket, the action and the file; elsewhere nothing is left in English.
 */
export function expectUnderstood(told: Told): void {
  const inEnglish = toldByPage('en', told);
  const { message, fix } = wordsOf(told);
  expect(inEnglish.join('\n')).toContain(message);
  expect(inEnglish.join('\n')).toContain(fix);
  for (const language of languages.filter((one) => one !== 'en')) {
    const texts = toldByPage(language, told);
    const least = told.kind === 'done' || fix === '' ? 1 : 2;
    expect({ language, told, texts: texts.length >= least }).toEqual({ language, told, texts: true });
    const english = [message, fix].filter((words) => words !== '');
    const stayed = texts.filter((text) => inEnglish.includes(text) || english.some((words) => text.includes(words)));
    expect({ language, told, stayed }).toEqual({ language, told, stayed: [] });
  }
}

/** In English, by the server. */
function wordsOf(told: Told): { message: string; fix: string } {
  switch (told.kind) {
    case 'error':
      return told.error;
    case 'refusal':
      return told.refusal;
    case 'failure':
      return told.failure;
    case 'done':
      return { message: '', fix: '' };
  }
}
