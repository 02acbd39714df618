import { randomBytes } from 'node:crypto';
import { TEMPORARY_SUFFIX } from '../KeyFilter';

const OURS = new RegExp(`^\\.[0-9a-f]{16}\\${TEMPORARY_SUFFIX}$`);

/** @returns a name, never used before, for a file that is being written. */
export function temporaryName(): string {
  return `.${randomBytes(8).toString('hex')}${TEMPORARY_SUFFIX}`;
}

/** Whether a file name is one that `temporaryName` gave. */
export function isTemporaryName(name: string): boolean {
  return OURS.test(name);
}
