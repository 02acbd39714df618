import { lookup } from 'mime-types';

/** @returns the content type that the name of a file tells, or that of unknown bytes. */
export function contentTypeOf(key: string): string {
  return lookup(key) || 'application/octet-stream';
}
