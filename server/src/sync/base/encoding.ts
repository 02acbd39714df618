import { z } from 'zod';
import type { RemoteObject } from '../bucket/Bucket';
import { SyncError } from '../SyncError';
import type { FeedChange } from '../Feed';
import { describeCause, isPlanCause, type PlanCause } from '../planCause';
import type { PlannedOperation } from '../PlannedOperation';
import type { BaseEntry, BaseFacts, Intent, PlannedDelete } from './Base';

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
  deletes: z.array(
    z.object({
      at: z.number(),
      count: z.number(),
      side: z.enum(['remote', 'local']),
      open: z.boolean().optional(),
    }),
  ),
  emptied: z.enum(['directory-emptied', 'folder-emptied']).optional(),
  forgottenAt: z.number().optional(),
  replaced: z.boolean().optional(),
  feedPosition: z.number().optional(),
  conditions: z.object({ putIfAbsent: z.boolean(), putIfMatch: z.boolean(), deleteIfMatch: z.boolean() }).optional(),
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

const plannedDeleteSchema = z.tuple([z.enum(['remote', 'local']), z.number()]);

/** @throws {SyncError} `BASE_DAMAGED` */
export function decodePlannedDelete(key: string, text: string): PlannedDelete {
  const [side, size] = parse(plannedDeleteSchema, text);
  return { key, side, size };
}

const plannedOperationSchema = z.tuple([
  z.enum(['upload', 'download', 'delete-remote', 'delete-local', 'conflict']),
  z.custom<PlanCause>((value) => typeof value === 'string' && isPlanCause(value)),
  z.number(),
]);

/** @returns the stored form of an operation, without its key. */
export function encodePlannedOperation({ action, cause, size }: PlannedOperation): string {
  return JSON.stringify([action, cause, size]);
}

/** @throws {SyncError} `BASE_DAMAGED` */
export function decodePlannedOperation(key: string, text: string): PlannedOperation {
  const [action, cause, size] = parse(plannedOperationSchema, text);
  return { key, action, cause, reason: describeCause(cause), size };
}

const changeSchema = z.object({
  key: z.string(),
  action: z.enum(['put', 'delete']),
  md5: z.string(),
  previousMd5: z.string().optional(),
  byName: z.boolean(),
});

/** @throws {SyncError} `BASE_DAMAGED` */
export function decodeChange(text: string): FeedChange {
  return parse(changeSchema, text);
}

/** @throws {SyncError} `BASE_DAMAGED` */
export function decodePosition(text: string): number {
  return parse(z.number(), text);
}

const bigintText = z
  .string()
  .regex(/^-?\d+$/)
  .transform((text) => BigInt(text));

/** @returns the stored form of an intent; JSON has no bigints. */
export function encodeIntent({ file, ...intent }: Intent): string {
  if (!file) return JSON.stringify(intent);
  return JSON.stringify({ ...intent, file: { ...file, mtimeNs: `${file.mtimeNs}`, inode: `${file.inode}` } });
}

const intentSchema = z.object({
  action: z.enum(['upload', 'download', 'delete-remote', 'delete-local']),
  at: z.number(),
  put: changeSchema.optional(),
  file: z
    .object({ size: z.number(), mtimeNs: bigintText, inode: bigintText, etag: z.string(), md5: z.string() })
    .optional(),
  isLarge: z.boolean().optional(),
  uploadId: z.string().optional(),
});

/** @throws {SyncError} `BASE_DAMAGED` */
export function decodeIntent(text: string): Intent {
  return parse(intentSchema, text);
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
