import { isXmlText } from '../../../server/src/sync/bucket/isXmlText';

describe('isXmlText', () => {
  test.each(['', 'a b', '\t\n\r', 'é', '\u{1f600}', '<&>"', '\u007f', '\ufffd'])('%j can be carried', (text) => {
    expect(isXmlText(text)).toBe(true);
  });

  test.each(['\u0000', 'a\u0001', '\u000b', '\u001f', '\ufffe', '\uffff', '\ud83d'])('%j cannot', (text) => {
    expect(isXmlText(text)).toBe(false);
  });
});
