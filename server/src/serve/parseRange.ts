/**
 * The one range of a `Range` header that names where it begins. Others are answered with the whole, as HTTP allows.
 *
 * @param size bytes of the whole.
 * @returns the first and last byte, both included; `undefined` where the whole is to be sent.
 */
export function parseRange(header: string, size: number): { first: number; last: number } | undefined {
  const [, from, to] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header.trim()) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first <= last ? { first, last } : undefined;
}
