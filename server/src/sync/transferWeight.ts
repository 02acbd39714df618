import { partSizeFor } from './bucket/partSizeFor';

/** Files up to this size, in bytes, are held in memory and sent by one request. */
export const SMALL_FILE = partSizeFor(0);

/** Bytes in flight for one large file: the parts that are sent at the same time. */
const LARGE_FILE_IN_FLIGHT = 3 * SMALL_FILE;

/**
 * @param size bytes of a file.
 * @returns the bytes of memory that its transfer takes.
 */
export function transferWeight(size: number): number {
  return size <= SMALL_FILE ? size : LARGE_FILE_IN_FLIGHT;
}
