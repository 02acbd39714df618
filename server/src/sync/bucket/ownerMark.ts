import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { STATE_FOLDER } from '../KeyFilter';
import { md5Of } from '../md5Of';
import { SyncError } from '../SyncError';
import type { Bucket } from './Bucket';

/** Key, below the prefix, of the object that says whose bucket this is. */
export const OWNER_KEY = `${STATE_FOLDER}/owner`;

const ownerSchema = z.object({
  version: z.literal(1),
  siteId: z.string(),
  databaseHash: z.string(),
  databaseServer: z.string().optional(),
  directoryId: z.string().optional(),
});

/** Who writes to a bucket and prefix. */
export type OwnerMark = z.infer<typeof ownerSchema>;

/** The mark as it stands in the bucket. */
export interface StoredOwnerMark {
  etag: string;
  /** Its text; needs a GET the first time only, since an ETag stands for one content. */
  text: string;
}

/**
 * Finds the mark by a listing, and reads it only where its ETag is not the one known: a run that changes nothing
 * reads no object.
 *
 * @param known what an earlier run read or wrote.
 * @returns `undefined` where the bucket has no mark.
 * @throws {SyncError} as the bucket.
 */
export async function readOwnerMark(
  bucket: Bucket,
  known: StoredOwnerMark | undefined,
  signal?: AbortSignal,
): Promise<StoredOwnerMark | undefined> {
  for await (const page of bucket.list([OWNER_KEY], signal)) {
    const listed = page.find((object) => object.key === OWNER_KEY);
    if (!listed) continue;
    if (known && known.etag === listed.etag) return known;
    const { head, body } = await bucket.get(OWNER_KEY, signal);
    return { etag: head.etag, text: await text(body) };
  }
  return undefined;
}

/**
 * Writes the mark.
 *
 * @param replaces the mark it takes the place of; without one it must be the first.
 * @returns the mark as stored, or `undefined` where somebody else was first.
 * @throws {SyncError} as the bucket.
 */
export async function writeOwnerMark(
  bucket: Bucket,
  mark: OwnerMark,
  replaces: StoredOwnerMark | undefined,
  signal?: AbortSignal,
): Promise<StoredOwnerMark | undefined> {
  const body = Buffer.from(`${JSON.stringify(mark)}\n`);
  const put = (conditional: boolean): Promise<{ etag: string }> =>
    bucket.put({
      key: OWNER_KEY,
      body,
      md5: md5Of(body),
      contentType: 'application/json',
      metadata: {},
      signal,
      ...(conditional ? { condition: replaces ? { ifMatch: replaces.etag } : { ifAbsent: true } } : {}),
    });
  try {
    const { etag } = await put(true).catch((error: unknown) => {
      // Stores without write conditions answer 501; then the last one wins, as it does with everything else there.
      if (error instanceof SyncError && error.httpStatus === 501) return put(false);
      throw error;
    });
    return { etag, text: body.toString() };
  } catch (error) {
    if (error instanceof SyncError && error.code === 'PRECONDITION_FAILED') return undefined;
    throw error;
  }
}

/** @returns the mark, or `undefined` where the text is none: then nobody can tell whose it is. */
export function parseOwnerMark(mark: string): OwnerMark | undefined {
  try {
    return ownerSchema.parse(JSON.parse(mark));
  } catch {
    return undefined;
  }
}
