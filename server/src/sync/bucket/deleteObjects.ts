import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { SyncError } from '../SyncError';
import { throwIfCancelled } from '../throwIfCancelled';
import type { DeleteOutcome } from './Bucket';
import { isXmlText } from './isXmlText';
import type { S3Connection } from './S3Connection';

/** The most keys a DeleteObjects request may name. */
const KEYS_A_REQUEST = 1_000;
/** Errors of one key that pass; such keys are tried again alone, with the retries a request has. */
const PASSING_NAMES = new Set([
  'InternalError',
  'SlowDown',
  'ServiceUnavailable',
  'RequestTimeout',
  'OperationAborted',
]);

/**
 * Deletes keys, 1,000 a request. Keys that DeleteObjects cannot carry, or whose fate its answer does not tell, go one
 * by one; deleting twice does no harm.
 *
 * @param concurrency single deletes at a time.
 * @returns one outcome per key, in their order.
 * @throws {SyncError} when a whole request failed.
 */
export async function deleteObjects(
  connection: S3Connection,
  keys: readonly string[],
  concurrency: number,
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome[]> {
  const outcomes = new Map<string, DeleteOutcome>();
  const together = keys.filter(isXmlText);
  for (let start = 0; start < together.length; start += KEYS_A_REQUEST) {
    const batch = together.slice(start, start + KEYS_A_REQUEST);
    const answered = await deleteTogether(connection, batch, signal);
    if (answered === undefined) break;
    for (const outcome of answered) outcomes.set(outcome.key, outcome);
  }
  const alone = keys.filter((key) => !outcomes.has(key));
  for (let start = 0; start < alone.length; start += concurrency) {
    const batch = alone.slice(start, start + concurrency);
    const answered = await Promise.all(batch.map((key) => deleteAlone(connection, key, signal)));
    for (const outcome of answered) outcomes.set(outcome.key, outcome);
  }
  return keys.map((key) => outcomes.get(key) ?? { key });
}

/** @returns the keys whose fate is known, or `undefined` if the store has no DeleteObjects. */
async function deleteTogether(
  connection: S3Connection,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome[] | undefined> {
  try {
    const answer = await connection.send(
      { action: 's3:DeleteObject', signal },
      new DeleteObjectsCommand({
        Bucket: connection.bucketName,
        Delete: { Objects: keys.map((key) => ({ Key: connection.prefix + key })) },
      }),
    );
    const asked = new Map(keys.map((key) => [connection.prefix + key, key]));
    const outcomes: DeleteOutcome[] = [];
    for (const { Key: name } of answer.Deleted ?? []) {
      const key = asked.get(name ?? '');
      if (key !== undefined) outcomes.push({ key });
    }
    for (const { Key: name, Code: code } of answer.Errors ?? []) {
      const key = asked.get(name ?? '');
      if (key === undefined || code === undefined || PASSING_NAMES.has(code)) continue;
      outcomes.push(code === 'NoSuchKey' ? { key } : { key, error: refusal(connection, key, code) });
    }
    return outcomes;
  } catch (error) {
    if (error instanceof SyncError && error.httpStatus === 501) return undefined;
    throw error;
  }
}

async function deleteAlone(
  connection: S3Connection,
  key: string,
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome> {
  try {
    await connection.send({ action: 's3:DeleteObject', key, signal }, new DeleteObjectCommand(connection.at(key)));
    return { key };
  } catch (error) {
    throwIfCancelled(signal);
    if (!(error instanceof SyncError)) throw error;
    return error.code === 'OBJECT_NOT_FOUND' ? { key } : { key, error };
  }
}

/** An error of one key has a code and no status of its own. */
function refusal(connection: S3Connection, key: string, code: string): SyncError {
  const httpStatus = code === 'AccessDenied' ? 403 : 400;
  return connection.explainNow(
    { name: code, $metadata: { httpStatusCode: httpStatus } },
    { action: 's3:DeleteObject', key },
  );
}
