import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { pipeline, Readable } from 'node:stream';
import { Slots } from '../Slots';
import { lostRace } from '../lostRace';
import { SyncError } from '../SyncError';
import { abortLarge } from './abortLarge';
import { abortOrphans } from './abortOrphans';
import type {
  Bucket,
  BucketIdentity,
  DeleteOutcome,
  ObjectHead,
  ObjectPart,
  PutInput,
  PutLargeInput,
  RemoteObject,
  RequestCounts,
} from './Bucket';
import type { BucketSettings } from './BucketSettings';
import { collectBody } from './collectBody';
import { conditionHeaders } from './conditionHeaders';
import { deleteObjects } from './deleteObjects';
import { listObjects } from './listObjects';
import { decodeMetadata, encodeMetadata } from './metadata';
import { putLarge } from './putLarge';
import { resumedBody } from './resumedBody';
import { S3Connection, type RequestContext } from './S3Connection';
import { VerifiedBody } from './VerifiedBody';
import { withoutQuotes } from './withoutQuotes';

/** Bytes up to which an object is read before it is handed on: a stream costs more than it saves. */
const SMALL_BODY = 1024 * 1024;

/** The object is shorter than the part that was asked for. */
const OUT_OF_RANGE = 416;

/** An object: a small one is `whole`. */
type ObjectAnswer = Awaited<ReturnType<Bucket['get']>>;

/** What only tests change. */
export interface BucketInternals {
  /** Keys in a page of a listing; the store's own number (1,000) if absent. */
  pageSize?: number;
}

/**
 * Opens a bucket of AWS or of an S3-compatible store. Sends nothing yet.
 *
 * @param settings where the bucket is and how to reach it.
 */
export function openBucket(settings: BucketSettings, internals: BucketInternals = {}): Bucket {
  return new S3Bucket(settings, internals);
}

class S3Bucket implements Bucket {
  readonly identity: BucketIdentity;
  private readonly connection: S3Connection;
  /** Objects whose bytes travel at a time; a large one comes as a stream, of which its reader sees to the number. */
  private readonly transfers: Slots;

  constructor(
    private readonly settings: BucketSettings,
    private readonly internals: BucketInternals,
  ) {
    this.connection = new S3Connection(settings);
    this.transfers = new Slots(settings.concurrency);
    const { bucketName, prefix } = this.connection;
    this.identity = { bucketName, endpoint: settings.endpoint ?? '', prefix };
  }

  list(prefixes: readonly string[], signal?: AbortSignal): AsyncIterable<RemoteObject[]> {
    return listObjects(this.connection, prefixes, { ordered: true, pageSize: this.internals.pageSize, signal });
  }

  listUnordered(prefixes: readonly string[], signal?: AbortSignal): AsyncIterable<RemoteObject[]> {
    return listObjects(this.connection, prefixes, { ordered: false, pageSize: this.internals.pageSize, signal });
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectHead | undefined> {
    try {
      const answer = await this.connection.send(
        { action: 's3:GetObject', key, signal },
        new HeadObjectCommand(this.connection.at(key)),
      );
      return toObjectHead(key, answer);
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'OBJECT_NOT_FOUND') throw error;
      // Without a body this 404 may also mean that the whole bucket is gone, which is no absence of a file.
      await this.connection.requireBucket(signal);
      return undefined;
    }
  }

  get(key: string, signal?: AbortSignal): Promise<ObjectAnswer> {
    return this.transfers.run(() => this.getNow(key, signal));
  }

  private async getNow(key: string, signal: AbortSignal | undefined): Promise<ObjectAnswer> {
    const context = { action: 's3:GetObject', key, signal };
    const answer = await this.connection.send(context, new GetObjectCommand(this.connection.at(key)));
    const head = toObjectHead(key, answer);
    const askForRest = async (offset: number): Promise<Readable> => {
      const Range = `bytes=${offset}-`;
      const rest = await this.connection.send(
        context,
        new GetObjectCommand({ ...this.connection.at(key), Range, IfMatch: answer.ETag }),
      );
      if (rest.ContentRange !== `bytes ${offset}-${head.size - 1}/${head.size}`) {
        if (rest.Body instanceof Readable) rest.Body.destroy();
        throw missing(key, 'the rest of it');
      }
      return this.verified(rest.Body, context, head.size - offset);
    };
    if (head.size > SMALL_BODY || !(answer.Body instanceof Readable)) {
      return { head, body: resumedBody(this.verified(answer.Body, context, head.size), askForRest) };
    }
    const { bytes, replay } = await collectBody(answer.Body);
    if (bytes.length === head.size) return { head, body: Readable.from(bytes, { objectMode: false }), whole: bytes };
    // Cut: what came is the beginning of a body that goes on from there.
    return { head, body: resumedBody(this.verified(Readable.from(replay()), context, head.size), askForRest) };
  }

  getRange(key: string, { first, last, size }: ObjectPart, signal?: AbortSignal): Promise<Readable> {
    const context = { action: 's3:GetObject', key, signal };
    const ask = async (from: number, etag?: string): Promise<{ body: Readable; etag: string | undefined }> => {
      const input = { ...this.connection.at(key), Range: `bytes=${from}-${last}`, IfMatch: etag };
      const answer = await this.connection.send(context, new GetObjectCommand(input)).catch((error: unknown) => {
        throw error instanceof SyncError && error.httpStatus === OUT_OF_RANGE ? lostRace(key) : error;
      });
      if (answer.ContentRange !== `bytes ${from}-${last}/${size}`) {
        if (answer.Body instanceof Readable) answer.Body.destroy();
        throw answer.ContentRange === undefined ? missing(key, 'the part that was asked for') : lostRace(key);
      }
      return { body: this.verified(answer.Body, context, last + 1 - from), etag: answer.ETag };
    };
    return this.transfers.run(async () => {
      const { body, etag } = await ask(first);
      return resumedBody(body, async (offset) => (await ask(first + offset, etag)).body);
    });
  }

  /** @param size bytes that must come. */
  private verified(source: unknown, context: RequestContext & { key: string }, size: number): Readable {
    if (!(source instanceof Readable)) throw missing(context.key, 'its bytes');
    const body = new VerifiedBody(context.key, size, (error) => this.connection.explainNow(error, context));
    // Errors come out at `body`; this callback has nothing to add.
    pipeline(source, body, () => undefined);
    return body;
  }

  async put(input: PutInput): Promise<{ etag: string }> {
    const { key, body, md5, sha256, contentType, metadata, condition, signal } = input;
    const context = { action: 's3:PutObject', key, signal, conditional: condition !== undefined };
    const command = new PutObjectCommand({
      ...this.connection.at(key),
      Body: body,
      ContentLength: body.length,
      ContentMD5: Buffer.from(md5, 'hex').toString('base64'),
      ContentType: contentType,
      Metadata: encodeMetadata(metadata),
      CacheControl: this.cacheControl(),
      ...conditionHeaders(condition),
    });
    const answer = await this.transfers.run(() => this.connection.send(context, command, sha256));
    const etag = withoutQuotes(answer.ETag);
    if (etag === '') throw missing(key, 'its ETag');
    return { etag };
  }

  putLarge(input: PutLargeInput): Promise<{ etag: string }> {
    return putLarge(this.connection, input, this.cacheControl());
  }

  abortLarge(key: string, uploadId: string, signal?: AbortSignal): Promise<void> {
    return abortLarge(this.connection, key, uploadId, signal);
  }

  abortOrphans(key: string, begunMs: number, signal?: AbortSignal): Promise<void> {
    return abortOrphans(this.connection, key, { begunMs, signal });
  }

  delete(keys: readonly string[], signal?: AbortSignal): Promise<DeleteOutcome[]> {
    return deleteObjects(this.connection, keys, this.settings.concurrency, signal);
  }

  async deleteOne(key: string, condition?: { ifMatch: string }, signal?: AbortSignal): Promise<void> {
    const context = { action: 's3:DeleteObject', key, signal, conditional: condition !== undefined };
    await this.connection.send(
      context,
      new DeleteObjectCommand({ ...this.connection.at(key), ...conditionHeaders(condition) }),
    );
  }

  requests(): RequestCounts {
    return this.connection.requests();
  }

  close(): void {
    this.connection.close();
  }

  private cacheControl(): string | undefined {
    return this.settings.cacheControl === '' ? undefined : this.settings.cacheControl;
  }
}

interface HeadAnswer {
  ContentLength?: number;
  ETag?: string;
  LastModified?: Date;
  ContentType?: string;
  Metadata?: Record<string, string>;
}

function toObjectHead(key: string, answer: HeadAnswer): ObjectHead {
  const { ContentLength: size, LastModified: lastModified } = answer;
  if (size === undefined) throw missing(key, 'its size');
  if (lastModified === undefined) throw missing(key, 'its date');
  return {
    size,
    etag: withoutQuotes(answer.ETag),
    lastModifiedMs: lastModified.getTime(),
    contentType: answer.ContentType,
    metadata: decodeMetadata(answer.Metadata),
  };
}

function missing(key: string, what: string): SyncError {
  return new SyncError('STORE_ERROR', {
    message: `The store answered for ${key} without ${what}.`,
    fix: 'Check that the endpoint is an S3 store.',
    key,
  });
}
