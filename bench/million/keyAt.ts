/**
 * The key of a number among many empty files; ascending by number.
 * @param folders folders that they are spread over; with one, all are in `uploads/` itself.
 */
export function keyAt(index: number, total: number, folders: number): string {
  const name = `file-${String(index).padStart(7, '0')}.bin`;
  if (folders === 1) return `uploads/${name}`;
  return `uploads/${String(Math.floor(index / (total / folders))).padStart(4, '0')}/${name}`;
}
