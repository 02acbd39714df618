import { AbortMultipartUploadCommand } from '@aws-sdk/client-s3';
import { SyncError } from '../SyncError';
import type { S3Connection } from './S3Connection';

/**
 * Gives up an upload, whose parts the store then forgets. One that is not there any more is no error.
 * @throws {SyncError} as the store; `ACCESS_DENIED` where the rights for it are missing.
 */
export async function abortLarge(
  connection: S3Connection,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await connection.send(
      { action: 's3:AbortMultipartUpload', key, signal },
      new AbortMultipartUploadCommand({
        ...connection.at(key),
        UploadId: uploadId,
      }),
    );
  } catch (error) {
    if (!(error instanceof SyncError) || error.s3Code !== 'NoSuchUpload') throw error;
  }
}
