// Well-formedness is asked for too: a lone surrogate has no UTF-8 form.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/**
 * Whether XML 1.0 can carry a text at all, escaped or not. Keys with other control characters cannot be named in a
 * DeleteObjects request.
 * @see https://www.w3.org/TR/xml/#charsets
 */
export function isXmlText(text: string): boolean {
  return text.isWellFormed() && !FORBIDDEN.test(text);
}
