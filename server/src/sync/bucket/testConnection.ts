import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { asSyncError } from '../asSyncError';
import { STATE_FOLDER } from '../KeyFilter';
import { md5Of } from '../md5Of';
import { SyncError, type SyncErrorCode } from '../SyncError';
import type { Bucket } from './Bucket';
import type { BucketInspection } from './inspectBucket';
import { probeConditions, type WriteConditions } from './probeConditions';

/** What a sync needs to be allowed to do, in the order in which it is tried. */
export const CONNECTION_STEPS = ['list', 'put', 'get', 'delete'] as const;

export type ConnectionStep = (typeof CONNECTION_STEPS)[number];

/** How one step went. */
export interface ConnectionCheck {
  step: ConnectionStep;
  /** `skipped`: an earlier step failed in a way that leaves nothing to try. */
  status: 'ok' | 'failed' | 'skipped';
  error?: { code: SyncErrorCode; message: string; fix: string };
}

/** What a test of the connection found. */
export interface ConnectionTest {
  ok: boolean;
  checks: ConnectionCheck[];
  /** The region the bucket is really in, where the one in the settings is wrong and the store told it. */
  region?: string;
  /** Conditions of writes that the store honours; absent where not all steps worked. */
  conditions?: WriteConditions;
  /** Whether the bucket keeps older versions; absent where the store does not tell. */
  versioning?: 'on' | 'suspended' | 'off';
  /** Whether the scratch object could be read without credentials; absent where that is not known. */
  readableByAnyone?: boolean;
}

/**
 * Tries everything that a sync does, on a scratch key `.s3-sync/test-<uuid>` below the prefix, and finds out which
 * conditions of writes the store honours. Leaves nothing behind, if deleting is allowed.
 *
 * Never rejects for what the store says: each refusal is in the answer. About fifteen requests.
 *
 * @param inspection the same bucket, to be asked for what a sync does not need; not asked where it is absent.
 * @throws {SyncError} `CANCELLED`.
 */
export async function testConnection(
  bucket: Bucket,
  signal?: AbortSignal,
  inspection?: BucketInspection,
): Promise<ConnectionTest> {
  const key = `${STATE_FOLDER}/test-${randomUUID()}`;
  const body = Buffer.from('This is a test of the connection. It can be deleted.\n');
  const written = new Set<string>();
  const steps: Record<ConnectionStep, () => Promise<void>> = {
    async list() {
      for await (const _page of bucket.list([key], signal)) continue;
    },
    async put() {
      await bucket.put({ key, body, md5: md5Of(body), contentType: 'text/plain', metadata: {}, signal });
      written.add(key);
    },
    async get() {
      const answer = await bucket.get(key, signal);
      if (!(await buffer(answer.body)).equals(body)) throw otherBytes(key);
    },
    async delete() {
      const [outcome] = await bucket.delete([key], signal);
      if (outcome?.error) throw outcome.error;
    },
  };

  const checks: ConnectionCheck[] = [];
  let region: string | undefined;
  let readableByAnyone: boolean | undefined;
  let hopeless = false;
  for (const step of CONNECTION_STEPS) {
    const needsObject = step === 'get' || step === 'delete';
    if (hopeless || (needsObject && !written.has(key))) {
      checks.push({ step, status: 'skipped' });
      continue;
    }
    // The scratch object is still there.
    if (step === 'delete') readableByAnyone = await inspection?.isReadableByAnyone(key, signal);
    try {
      await steps[step]();
      checks.push({ step, status: 'ok' });
    } catch (error) {
      const { code, message, fix, region: found } = asSyncError(error);
      if (code === 'CANCELLED') throw error;
      checks.push({ step, status: 'failed', error: { code, message, fix } });
      region ??= found;
      // Any other refusal may be about this one action only.
      hopeless = code !== 'ACCESS_DENIED';
    }
  }
  const ok = checks.every(({ status }) => status === 'ok');
  const conditions = ok ? await probe(bucket, signal) : undefined;
  // A store that cannot be reached at all is not asked once more.
  const answered = checks.some(({ status }) => status === 'ok');
  const versioning = answered ? await inspection?.versioning(signal) : undefined;
  return {
    ok,
    checks,
    ...(region === undefined ? {} : { region }),
    ...(conditions ? { conditions } : {}),
    ...(versioning === undefined ? {} : { versioning }),
    ...(readableByAnyone === undefined ? {} : { readableByAnyone }),
  };
}

/** The connection works; a probe that fails all the same is tried again by the first sync that needs it. */
async function probe(bucket: Bucket, signal: AbortSignal | undefined): Promise<WriteConditions | undefined> {
  try {
    return await probeConditions(bucket, signal);
  } catch (error) {
    if (error instanceof SyncError && error.code !== 'CANCELLED') return undefined;
    throw error;
  }
}

function otherBytes(key: string): SyncError {
  return new SyncError('INTEGRITY', {
    message: 'The store gave back other bytes than it was given.',
    fix: 'Check the endpoint, and proxies between this server and the store.',
    key,
  });
}
