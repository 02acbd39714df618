import { createHash } from 'node:crypto';
import {
  type $Command,
  HeadBucketCommand,
  S3Client,
  type S3ClientConfig,
  type S3ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import { version } from '../../../../package.json';
import { SyncError } from '../SyncError';
import { throwIfCancelled } from '../throwIfCancelled';
import { BackoffRetryStrategy } from './BackoffRetryStrategy';
import type { RequestCounts } from './Bucket';
import type { BucketSettings } from './BucketSettings';
import { readStoreError } from './readStoreError';
import { toSyncError, type StoreErrorContext } from './toSyncError';
import { untilAborted } from './untilAborted';

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
const MAX_ATTEMPTS = 8;
/** Idle sockets kept beside one per transfer: listings and multipart parts. */
const SPARE_SOCKETS = 4;
/** Operations that make an object, and so take the object headers of the settings. */
const CREATING_COMMANDS = new Set(['PutObjectCommand', 'CreateMultipartUploadCommand']);

/**
 * Parts of the SDK that do nothing here and cost a tenth of a request: its log, redirects to other regions
 * (`followRegionRedirects`), `100 Continue`, AWS Lambda's loop detection, and a user agent made anew for each request.
 */
const LEFT_OUT = [
  'loggerMiddleware',
  'regionRedirectMiddleware',
  'addExpectContinueMiddleware',
  'recursionDetectionMiddleware',
  'getUserAgentMiddleware',
];
const USER_AGENT = `strapi-plugin-s3-sync/${version}`;

/** What a request is, for its error and its end. */
export type RequestContext = Pick<StoreErrorContext, 'action' | 'key' | 'conditional'> & { signal?: AbortSignal };

/** What belongs to one request, and is no part of its input. */
class RequestNote {
  constructor(
    readonly signal: AbortSignal | undefined,
    readonly contentSha256?: string,
  ) {}
}

function noteOf(args: object): RequestNote | undefined {
  return 'note' in args && args.note instanceof RequestNote ? args.note : undefined;
}

/** An S3 client set up for stores as they are, which counts its attempts and throws `SyncError`s. */
export class S3Connection {
  readonly bucketName: string;
  /** `''`, or ends with `/`: without it `site` would reach into `site-backup/`. */
  readonly prefix: string;
  private readonly client: S3Client;
  private readonly counts: RequestCounts = {};
  /** By the input of the command. */
  private readonly notes = new WeakMap<object, RequestNote>();

  /** @param settings no request is made until the first method is called. */
  constructor(private readonly settings: BucketSettings) {
    this.bucketName = settings.bucketName;
    this.prefix = settings.prefix === '' || settings.prefix.endsWith('/') ? settings.prefix : `${settings.prefix}/`;
    this.client = new S3Client(clientConfig(settings));
    for (const name of LEFT_OUT) this.client.middlewareStack.remove(name);
    this.keepSigners();
    this.passNotes();
    this.countAttempts();
    this.passSignals();
    this.addHeaders();
    this.addContentMd5ToDeleteObjects();
    layOutForCopies(this.client.config);
  }

  /** Milliseconds by which the store's clock was found to be ahead of this server's; 0 while it is about the same. */
  get clockOffsetMs(): number {
    return this.client.config.systemClockOffset;
  }

  /** Where an object is. */
  at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucketName, Key: this.prefix + key };
  }

  /**
   * Sends one request.
   * @param contentSha256 SHA-256 of the body in hex, where it is known: the signature covers it.
   * @throws {SyncError} whatever goes wrong, in plain words.
   */
  send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    context: RequestContext,
    command: $Command<Input, Output, S3ClientResolvedConfig>,
    contentSha256?: string,
  ): Promise<Output> {
    return this.attempt(context, () => this.sendAsIs(command, new RequestNote(context.signal, contentSha256)));
  }

  /**
   * Does something that belongs to a request.
   * @throws {SyncError} whatever goes wrong, in plain words.
   */
  async attempt<Answer>(context: RequestContext, work: () => Promise<Answer>): Promise<Answer> {
    throwIfCancelled(context.signal);
    try {
      return await work();
    } catch (error) {
      throw await this.explain(error, context);
    }
  }

  /** Turns an error of the SDK into words, asking the store where the bucket is when only that is missing. */
  async explain(error: unknown, context: RequestContext): Promise<SyncError> {
    const explained = this.explainNow(error, context);
    if (explained.code !== 'WRONG_REGION' || explained.region !== undefined) return explained;
    const region = await this.findRegion(context.signal);
    return region === undefined ? explained : this.explainNow(error, context, region);
  }

  /** Like `explain`, without a question to the store. */
  explainNow(error: unknown, { action, key, conditional, signal }: RequestContext, knownRegion?: string): SyncError {
    // What an aborted request throws depends on how far it was.
    const reason = signal?.aborted === true && !(error instanceof SyncError) ? { name: 'AbortError' } : error;
    const { bucketName, awsRegion, endpoint } = this.settings;
    return toSyncError(reason, { bucketName, awsRegion, endpoint, action, key, conditional, knownRegion });
  }

  /**
   * Asks whether the bucket is there: a HEAD's 404 does not tell a missing object from a missing bucket.
   * @throws {SyncError} `BUCKET_NOT_FOUND`, or why it cannot be known.
   */
  async requireBucket(signal?: AbortSignal): Promise<void> {
    await this.send({ action: 's3:ListBucket', signal }, new HeadBucketCommand({ Bucket: this.bucketName }));
  }

  requests(): RequestCounts {
    return { ...this.counts };
  }

  close(): void {
    this.client.destroy();
  }

  /** @returns the region the store names for the bucket, also in a refusal; `undefined` if it names none. */
  private async findRegion(signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      return (await this.sendAsIs(new HeadBucketCommand({ Bucket: this.bucketName }), new RequestNote(signal)))
        .BucketRegion;
    } catch (error) {
      return readStoreError(error).region;
    }
  }

  private sendAsIs<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: $Command<Input, Output, S3ClientResolvedConfig>,
    note: RequestNote,
  ): Promise<Output> {
    this.notes.set(command.input, note);
    const answer = this.client.send(command);
    return note.signal ? untilAborted(answer, note.signal) : answer;
  }

  /** Some commands of the SDK copy their input on the way, so what belongs to a request goes with it from the start. */
  private passNotes(): void {
    this.client.middlewareStack.add(
      (next) => (args) => next(Object.assign({}, args, { note: this.notes.get(args.input) })),
      { name: 'passNotes', step: 'initialize', priority: 'high' },
    );
  }

  private countAttempts(): void {
    this.client.middlewareStack.add(
      (next, context) => (args) => {
        const operation = (context.commandName ?? 'Unknown').replace(/Command$/, '');
        this.counts[operation] = (this.counts[operation] ?? 0) + 1;
        return next(args);
      },
      // Below the SDK's retry middleware (same step, priority high), so that every attempt passes here.
      { name: 'countAttempts', step: 'finalizeRequest', priority: 'low' },
    );
  }

  /**
   * Brings the signal of each request to where it is sent. The SDK makes the whole chain of its middlewares anew for a
   * request with options, which costs a tenth of it; without any it keeps the chain (`cacheMiddleware`).
   */
  private passSignals(): void {
    const { requestHandler } = this.client.config;
    const sent = new WeakMap<object, AbortSignal>();
    this.client.middlewareStack.add(
      (next) => (args) => {
        const signal = noteOf(args)?.signal;
        if (signal && hasHeaders(args.request)) sent.set(args.request, signal);
        return next(args);
      },
      // The last one before the handler: what is signed is another object than what was built.
      { name: 'passSignals', step: 'deserialize', priority: 'low' },
    );
    const handle = requestHandler.handle.bind(requestHandler);
    requestHandler.handle = (request: object, options) =>
      handle(request, { ...options, abortSignal: sent.get(request) });
  }

  /** The SDK makes a signer for each request; one with the same service and region signs all the same. */
  private keepSigners(): void {
    const { config } = this.client;
    const makeSigner = config.signer;
    const signers = new Map<string, ReturnType<typeof makeSigner>>();
    config.signer = (scheme) => {
      const { name, signingName, signingRegion } = scheme ?? {};
      const id = JSON.stringify([name, signingName, signingRegion]);
      const signer = signers.get(id) ?? makeSigner(scheme);
      signers.set(id, signer);
      return signer;
    };
  }

  /** The object headers are sent as they are: the SDK's types know only the values of AWS, other stores have classes of their own. */
  private addHeaders(): void {
    const { storageClass, serverSideEncryption, kmsKeyId, acl } = this.settings;
    const headers = {
      'x-amz-storage-class': storageClass,
      'x-amz-server-side-encryption': serverSideEncryption,
      'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId,
      'x-amz-acl': acl,
    };
    this.client.middlewareStack.add(
      (next, context) => (args) => {
        if (!hasHeaders(args.request)) return next(args);
        args.request.headers['user-agent'] = USER_AGENT;
        // Where the body's hash is known, the SDK need not hash the body once more to sign it.
        const sha256 = noteOf(args)?.contentSha256;
        if (sha256 !== undefined) args.request.headers['x-amz-content-sha256'] = sha256;
        if (CREATING_COMMANDS.has(context.commandName ?? '')) {
          for (const [name, value] of Object.entries(headers)) {
            if (value !== undefined && value !== '') args.request.headers[name] = value;
          }
        }
        return next(args);
      },
      { name: 'addHeaders', step: 'build' },
    );
  }

  /** DeleteObjects needs a digest; Content-MD5 is the one that every store knows, the SDK's CRC32 is not. */
  private addContentMd5ToDeleteObjects(): void {
    this.client.middlewareStack.add(
      (next, context) => (args) => {
        if (context.commandName === 'DeleteObjectsCommand' && hasHeaders(args.request)) {
          const { headers, body } = args.request;
          delete headers['x-amz-checksum-crc32'];
          delete headers['x-amz-sdk-checksum-algorithm'];
          if (typeof body === 'string' || body instanceof Uint8Array) {
            headers['content-md5'] = createHash('md5').update(body).digest('base64');
          }
        }
        return next(args);
      },
      { name: 'addContentMd5', step: 'build', priority: 'low' },
    );
  }
}

/** What every client of the plugin has in common. */
export function clientConfig(settings: BucketSettings): S3ClientConfig {
  const { awsRegion, endpoint, forcePathStyle, credentials, concurrency, timeouts } = settings;
  const maxAttempts = settings.maxAttempts ?? MAX_ATTEMPTS;
  // No limit on open sockets: the SDK counts the wait for a free one as time to connect. Callers bound the requests.
  const agent = { keepAlive: true, maxFreeSockets: concurrency + SPARE_SOCKETS };
  return {
    region: awsRegion,
    ...(endpoint === undefined || endpoint === '' ? {} : { endpoint }),
    // The endpoint in the settings is the one that is shown; nothing in the environment goes before it.
    ignoreConfiguredEndpointUrls: true,
    ...(forcePathStyle === undefined ? {} : { forcePathStyle }),
    ...(credentials === undefined ? {} : { credentials }),
    cacheMiddleware: true,
    maxAttempts,
    retryStrategy: new BackoffRetryStrategy(maxAttempts),
    // Default checksums make stream uploads `aws-chunked`, which many stores refuse (aws/aws-sdk-js-v3#6810).
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Waiting for `100 Continue` costs a new connection for each part.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: timeouts?.connectMs ?? CONNECT_TIMEOUT_MS,
      socketTimeout: timeouts?.idleMs ?? IDLE_TIMEOUT_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}

/** Looks after which V8 lays an object out anew that stands as a prototype. */
const LOOKS = 20;

/**
 * The SDK copies its whole configuration three times for each request, a tenth of what a request costs. V8 holds so large
 * an object as a dictionary, which is slow to copy, but not one that stands as a prototype.
 * Source: https://v8.dev/blog/fast-properties, https://github.com/sindresorhus/to-fast-properties.
 */
function layOutForCopies(config: object): void {
  const heir: unknown = Object.create(config);
  for (let look = 0; look < LOOKS; look++) hasHeaders(heir);
}

interface WithHeaders {
  headers: Record<string, string>;
  body?: unknown;
}

function hasHeaders(request: unknown): request is WithHeaders {
  return typeof request === 'object' && request !== null && 'headers' in request;
}
