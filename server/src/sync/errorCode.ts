/**
 * The code of a Node.js or Level error (`ENOENT`, `LEVEL_LOCKED`, …).
 * Asks for the property and not for the class: an error can come from another realm, as under jest or in a vm.
 *
 * @returns `undefined` where the value carries no code.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
