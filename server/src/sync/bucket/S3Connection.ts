import { createHash } from 'node:crypto';
import { HeadBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { version } from '../../../../package.json';
import { SyncError } from '../SyncError';
import { throwIfCancelled } from '../throwIfCancelled';
import { BackoffRetryStrategy } from './BackoffRetryStrategy';
import type { RequestCounts } from './Bucket';
import type { BucketSettings } from './BucketSettings';
import { readStoreError } from './readStoreError';
import { toSyncError, type StoreErrorContext } from './toSyncError';

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

/** How the SDK is to send a request. */
export interface SendOptions {
  abortSignal?: AbortSignal;
}

/** An S3 client set up for stores as they are, which counts its attempts and throws `SyncError`s. */
export class S3Connection {
  readonly bucketName: string;
  /** `''`, or ends with `/`: without it `site` would reach into `site-backup/`. */
  readonly prefix: string;
  private readonly client: S3Client;
  private readonly counts: RequestCounts = {};
  /** By the input of the command. */
  private readonly contentSha256 = new WeakMap<object, string>();

  /** @param settings no request is made until the first method is called. */
  constructor(private readonly settings: BucketSettings) {
    this.bucketName = settings.bucketName;
    this.prefix = settings.prefix === '' || settings.prefix.endsWith('/') ? settings.prefix : `${settings.prefix}/`;
    this.client = new S3Client(clientConfig(settings));
    for (const name of LEFT_OUT) this.client.middlewareStack.remove(name);
    this.keepSigners();
    this.countAttempts();
    this.addHeaders();
    this.addContentSha256();
    this.addContentMd5ToDeleteObjects();
  }

  /**
   * Sends one request.
   * @throws {SyncError} whatever goes wrong, in plain words.
   */
  async send<Answer>(
    context: RequestContext,
    request: (client: S3Client, options: SendOptions) => Promise<Answer>,
  ): Promise<Answer> {
    throwIfCancelled(context.signal);
    try {
      return await request(this.client, { abortSignal: context.signal });
    } catch (error) {
      throw await this.explain(error, context);
    }
  }

  /** Tells the SHA-256 of the body of a command that is about to be sent, in hex. */
  noteContentSha256(input: object, sha256: string): void {
    this.contentSha256.set(input, sha256);
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
    await this.send({ action: 's3:ListBucket', signal }, (client, options) =>
      client.send(new HeadBucketCommand({ Bucket: this.bucketName }), options),
    );
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
      const answer = await this.client.send(new HeadBucketCommand({ Bucket: this.bucketName }), {
        abortSignal: signal,
      });
      return answer.BucketRegion;
    } catch (error) {
      return readStoreError(error).region;
    }
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

  /** The signature covers the body's hash: where it is known, the SDK need not hash the body once more. */
  private addContentSha256(): void {
    this.client.middlewareStack.add(
      (next) => (args) => {
        const sha256 = this.contentSha256.get(args.input);
        if (sha256 !== undefined && hasHeaders(args.request)) args.request.headers['x-amz-content-sha256'] = sha256;
        return next(args);
      },
      { name: 'addContentSha256', step: 'build' },
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

interface WithHeaders {
  headers: Record<string, string>;
  body?: unknown;
}

function hasHeaders(request: unknown): request is WithHeaders {
  return typeof request === 'object' && request !== null && 'headers' in request;
}
