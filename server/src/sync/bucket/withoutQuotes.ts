/** An ETag header without its quotes; `''` where the store sent none. */
export function withoutQuotes(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}
