/** @returns how the names in a listing are to be written: with `encoding-type=url`, AWS writes a blank as `+` and leaves `/` as it is. */
export function encoderFor(query: Map<string, string>): (text: string) => string {
  if (query.get('encoding-type') !== 'url') return (text) => text;
  return (text) => encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/');
}
