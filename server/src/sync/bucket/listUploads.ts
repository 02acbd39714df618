import { ListMultipartUploadsCommand, type MultipartUpload } from '@aws-sdk/client-s3';
import type { S3Connection } from './S3Connection';

/** An upload in parts that was neither completed nor aborted. */
export interface UnfinishedUpload {
  uploadId: string;
  /** When the store began it, by the store's clock: milliseconds since the epoch. */
  initiatedMs: number;
}

interface Marker {
  KeyMarker: string | undefined;
  UploadIdMarker: string | undefined;
}

/**
 * Lists the unfinished uploads of exactly one key.
 * @throws {SyncError} as the store; `ACCESS_DENIED` where the right for it is missing.
 */
export async function listUploads(
  connection: S3Connection,
  key: string,
  signal: AbortSignal | undefined,
): Promise<UnfinishedUpload[]> {
  const { Bucket, Key } = connection.at(key);
  const found: UnfinishedUpload[] = [];
  let marker: Marker | undefined;
  do {
    const page = await connection.send(
      { action: 's3:ListBucketMultipartUploads', key, signal },
      // Without `EncodingType`: Ceph 16 then encodes the keys and does not say so.
      new ListMultipartUploadsCommand({ Bucket, Prefix: Key, ...marker }),
    );
    for (const upload of page.Uploads ?? []) {
      const one = toUnfinished(upload);
      if (one && upload.Key === Key) found.push(one);
    }
    const next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    // A page that leads nowhere, or back to itself, is the last one.
    const isLast = page.IsTruncated !== true || next.KeyMarker === undefined || isSame(next, marker);
    marker = isLast ? undefined : next;
  } while (marker !== undefined);
  return found;
}

function toUnfinished({ UploadId, Initiated }: MultipartUpload): UnfinishedUpload | undefined {
  if (UploadId === undefined || Initiated === undefined) return undefined;
  return { uploadId: UploadId, initiatedMs: Initiated.getTime() };
}

function isSame(one: Marker, other: Marker | undefined): boolean {
  return one.KeyMarker === other?.KeyMarker && one.UploadIdMarker === other?.UploadIdMarker;
}
