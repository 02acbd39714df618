import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerRequest, type Answer } from './answerRequest';
import { BROWSE_PATH, browsePage } from './browsePage';
import { Faults, type Fault } from './Faults';
import { MultipartUploads } from './MultipartUploads';
import { ObjectStore, type StoredBucket } from './ObjectStore';
import { parseRequest, type Operation, type S3Request } from './S3Request';
import { S3ServerError } from './S3ServerError';
import { verifySignature } from './verifySignature';
import { buildXml } from './xml';

export interface S3ServerOptions {
  /** A free one if absent. */
  port?: number;
  /** Address to listen on; default 127.0.0.1. */
  host?: string;
  /** Folder that keeps the buckets over restarts; absent for memory only. */
  dataDir?: string;
  /** Region of the endpoint; default us-east-1. */
  region?: string;
  /** Secret access keys by access key id. */
  credentials: Readonly<Record<string, string>>;
}

/** One request as the log keeps it. */
export interface LoggedRequest {
  operation: Operation;
  bucket: string;
  key: string;
  /** HTTP status; 0 where no answer was sent. */
  status: number;
  /** The header `Range`, where one came. */
  range?: string;
}

export interface S3Server {
  /** `http://127.0.0.1:<port>`, for path style. */
  endpoint: string;
  region: string;
  /** Requests since the start or the last `clearRequests`, in the order of their ends. */
  requests(): LoggedRequest[];
  clearRequests(): void;
  /** Switches a fault on; the first one that matches a request is used. */
  fault(fault: Fault): void;
  clearFaults(): void;
  /** Refuses connections, and breaks those that are open, until it accepts them again. */
  refuseConnections(): Promise<void>;
  acceptConnections(): Promise<void>;
  /** Moves the server's clock, milliseconds. */
  setClockOffset(ms: number): void;
  /** Makes a bucket that every key may use, in the region of the endpoint if none is given. */
  createBucket(name: string, region?: string): void;
  putObject(bucket: string, key: string, body: Buffer | string, headers?: Record<string, string>): Promise<void>;
  /** `undefined` where there is no such object. */
  getObject(bucket: string, key: string): Promise<Buffer | undefined>;
  /** Headers kept with an object, in lower case, and its `etag`. */
  objectHeaders(bucket: string, key: string): Record<string, string> | undefined;
  deleteObject(bucket: string, key: string): Promise<void>;
  /** All keys in the order of S3. */
  listKeys(bucket: string): string[];
  /** Keys of the unfinished multipart uploads. */
  listUploads(bucket: string): string[];
  close(): Promise<void>;
}

/**
 * Starts the project's own S3 server, for tests and the demo. It checks signatures and conditions as S3 does, and goes
 * wrong on demand. The contract tests hold it to what a real store does.
 */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const { host = '127.0.0.1', region = 'us-east-1', credentials } = options;
  const store = new ObjectStore(options.dataDir);
  const faults = new Faults();
  let log: LoggedRequest[] = [];
  let clockOffsetMs = 0;
  const uploads = new MultipartUploads(() => Date.now() + clockOffsetMs);

  const server = createServer((message, response) => {
    handle(message, response).catch((error: unknown) => {
      // A request that broke off on the way needs no answer; anything else is a mistake of this server.
      if (!message.destroyed || !message.errored) process.stderr.write(`s3-server: ${String(error)}\n`);
      response.destroy();
    });
  });
  // Transfers may take as long as they like.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false;
    response.setHeader('date', new Date(Date.now() + clockOffsetMs).toUTCString());
    if (message.url?.startsWith(BROWSE_PATH) === true) {
      send(response, await browsePage(message, store), false);
      return;
    }
    const request = parseOrRefuse(message, response);
    if (request === undefined) return;
    const entry: LoggedRequest = {
      operation: request.operation,
      bucket: request.bucket,
      key: request.key,
      status: 0,
      ...(request.headers.range === undefined ? {} : { range: request.headers.range }),
    };
    const fault = faults.take(request);
    if (fault?.kind === 'hang') {
      log.push(entry);
      return;
    }
    const body = await readBody(message);
    if (fault?.kind === 'reset') {
      log.push(entry);
      message.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'delay') await sleep(fault.ms);

    const answer = await answerOrRefuse(request, body, fault);
    entry.status = fault?.kind === 'lost-answer' ? 0 : answer.status;
    log.push(entry);
    if (fault?.kind === 'lost-answer') message.socket.resetAndDestroy();
    else send(response, answer, message.method === 'HEAD', fault);
  }

  async function answerOrRefuse(request: S3Request, body: Buffer, fault: Fault | undefined): Promise<Answer> {
    try {
      const signer = await verifySignature(request, credentials, body, Date.now() + clockOffsetMs);
      if (fault?.kind === 'status') {
        throw new S3ServerError(fault.code ?? 'InternalError', fault.status, 'A fault on demand.', fault.headers);
      }
      return await answerRequest({ store, uploads, faults, region, request, body, signer, fault });
    } catch (error) {
      if (error instanceof S3ServerError) return refusal(error);
      throw error;
    }
  }

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  const close = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.close((error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
      server.closeAllConnections();
    });
  await listen(options.port ?? 0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');

  const bucketOf = (name: string): StoredBucket => {
    const bucket = store.bucket(name);
    if (bucket === undefined) throw new Error(`There is no bucket ${name}.`);
    return bucket;
  };
  return {
    endpoint: `http://${host}:${address.port}`,
    region,
    requests: () => [...log],
    clearRequests: () => {
      log = [];
    },
    fault: (fault) => {
      faults.add(fault);
    },
    clearFaults: () => {
      faults.clear();
    },
    setClockOffset: (ms) => {
      clockOffsetMs = ms;
    },
    createBucket: (name, bucketRegion = region) => {
      if (store.bucket(name) === undefined) store.createBucket(name, bucketRegion);
    },
    putObject: async (name, key, content, headers = {}) => {
      const body = Buffer.from(content);
      const etag = createHash('md5').update(body).digest('hex');
      await bucketOf(name).put(key, body, etag, { 'content-type': 'binary/octet-stream', ...headers }, () => undefined);
    },
    getObject: async (name, key) => {
      const bucket = bucketOf(name);
      const object = bucket.get(key);
      return object === undefined ? undefined : bucket.body(object);
    },
    objectHeaders: (name, key) => {
      const object = bucketOf(name).get(key);
      return object === undefined ? undefined : { ...object.headers, etag: object.etag };
    },
    deleteObject: (name, key) => bucketOf(name).delete(key),
    listKeys: (name) => [...bucketOf(name).keys.from('')],
    listUploads: (name) => uploads.of(name).map(({ key }) => key),
    refuseConnections: close,
    acceptConnections: () => listen(address.port),
    close,
  };
}

/** @returns nothing where the request cannot be taken apart; its refusal is sent then. */
function parseOrRefuse(message: IncomingMessage, response: ServerResponse): S3Request | undefined {
  try {
    return parseRequest(message, 'localhost');
  } catch {
    send(response, refusal(new S3ServerError('InvalidURI', 400, 'The URI cannot be decoded.')), false);
    return undefined;
  }
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) {
    if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refusal({ code, status, message, headers, fields }: S3ServerError): Answer {
  const body = buildXml('Error', { Code: code, Message: message, ...fields });
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}

/** @param withoutBody for HEAD: the length is told, the bytes are not sent. */
function send(response: ServerResponse, answer: Answer, withoutBody: boolean, fault?: Fault): void {
  const body = fault?.kind === 'broken-xml' ? answer.body.subarray(0, answer.body.length / 2) : answer.body;
  const empty = answer.status === 204 || answer.status === 304;
  response.writeHead(answer.status, { ...answer.headers, ...(empty ? {} : { 'content-length': body.length }) });
  if (withoutBody || empty) {
    response.end();
  } else if (fault?.kind === 'cut-body') {
    response.write(body.subarray(0, body.length / 2), () => {
      response.socket?.destroy();
    });
  } else if (fault?.kind === 'stall') {
    response.flushHeaders();
    if (fault.afterBytes > 0) response.write(body.subarray(0, fault.afterBytes));
  } else if (fault?.kind === 'trickle') {
    trickle(response, body, fault.bytes);
  } else {
    response.end(body);
  }
}

function trickle(response: ServerResponse, body: Buffer, bytes: number): void {
  response.flushHeaders();
  let offset = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(offset, offset + bytes));
    offset += bytes;
    if (offset < body.length) return;
    clearInterval(timer);
    response.end();
  }, 100);
  response.once('close', () => {
    clearInterval(timer);
  });
}
