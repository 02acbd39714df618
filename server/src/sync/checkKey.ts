import { sep } from 'node:path';

const MAX_KEY_BYTES = 1024;
const MAX_NAME_BYTES = 255;

/** Names of which nothing can be wrong but their length: most of them, and a walk checks each. */
const PLAIN_NAMES = /^\w[\w.-]*(?:\/\w[\w.-]*)*$/;

/**
 * Says why a key must never be turned into a local path, or `undefined` where it is safe.
 *
 * A key that comes from a bucket is hostile input: `../`, an absolute path or a drive letter would leave the
 * directory (s5cmd#872, CVE-2021-32061).
 *
 * @param key path below the synced directory, `/` between its names.
 * @returns the reason in words, fit to follow "The key cannot be a file here: ".
 */
export function checkKey(key: string): string | undefined {
  if (key.length <= MAX_NAME_BYTES && PLAIN_NAMES.test(key)) return undefined;
  if (key === '') return 'it is empty';
  if (key.includes('\0')) return 'it holds a NUL character';
  if (key.startsWith('/')) return 'it begins with a slash';
  if (key.endsWith('/')) return 'it ends with a slash';
  if (/^[A-Za-z]:/.test(key)) return 'it begins with a drive letter';
  if (sep === '\\' && key.includes(sep)) return 'it holds a backslash';
  if (!key.isWellFormed()) return 'it is not valid Unicode';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `it is longer than ${MAX_KEY_BYTES} bytes`;
  for (const name of key.split('/')) {
    if (name === '') return 'it holds two slashes in a row';
    if (name === '.' || name === '..') return `it holds the folder name "${name}"`;
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `one of its names is longer than ${MAX_NAME_BYTES} bytes`;
  }
  return undefined;
}
