import { z } from 'zod';
import type { RemoteObject } from '../bucket/Bucket';
import { SyncError } from '../SyncError';
import type { BaseEntry, BaseFacts } from './Base';

// Entries are many and read in every run: fields apart by spaces take half the time and room of JSON.

const ENTRY = /^(\d+) (-?\d+) (-?\d+) (\d+) ([01]) ([0-9a-f]{32}) (\S+)$/;

/** @returns the stored form of an entry. */
export function encodeEntry({ fingerprint, etag, md5, racy }: BaseEntry): string {
  const { size, mtimeNs, ctimeNs, inode } = fingerprint;
  return `${size} ${mtimeNs} ${ctimeNs} ${inode} ${racy ? 1 : 0} ${md5} ${etag}`;
}

/** @throws {SyncError} `BASE_DAMAGED` where the text is not what `encodeEntry` writes. */
export function decodeEntry(text: string): BaseEntry {
  const [, size, mtimeNs, ctimeNs, inode, racy, md5, etag] = ENTRY.exec(text) ?? [];
  if (!size || !mtimeNs || !ctimeNs || !inode || !racy || !md5 || !etag) throw garbage();
  return {
    fingerprint: { size: Number(size), mtimeNs: BigInt(mtimeNs), ctimeNs: BigInt(ctimeNs), inode: BigInt(inode) },
    racy: racy === '1',
    md5,
    etag,
  };
}

const factsSchema = z.object({
  trustedModes: z.array(z.string()),
  reconciled: z.boolean(),
  deletes: z.array(z.object({ at: z.number(), count: z.number() })),
  ownerEtag: z.string().optional(),
  ownerText: z.string().optional(),
});

/** @throws {SyncError} `BASE_DAMAGED` */
export function decodeFacts(text: string): BaseFacts {
  return parse(factsSchema, text);
}

const listedSchema = z.tuple([z.number(), z.string(), z.number()]);

/** @throws {SyncError} `BASE_DAMAGED` */
export function decodeListed(key: string, text: string): RemoteObject {
  const [size, etag, lastModifiedMs] = parse(listedSchema, text);
  return { key, size, etag, lastModifiedMs };
}

/** @throws {SyncError} `BASE_DAMAGED` */
export function decodePlannedDelete(text: string): number {
  if (!/^\d+$/.test(text)) throw garbage();
  return Number(text);
}

function parse<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw garbage(cause);
  }
}

function garbage(cause?: unknown): SyncError {
  return new SyncError('BASE_DAMAGED', {
    message: 'The base holds something that this version did not write.',
    fix: 'Nothing to do: it is set aside and everything is compared anew.',
    cause,
  });
}
