import { createHash, randomUUID } from 'node:crypto';
import { S3ServerError } from './S3ServerError';

const SMALLEST_PART = 5 * 1024 * 1024;

interface Part {
  body: Buffer;
  md5: Buffer;
}

/** An upload that was begun and neither completed nor aborted. */
export interface Upload {
  id: string;
  bucket: string;
  key: string;
  headers: Record<string, string>;
  startedMs: number;
  parts: Map<number, Part>;
}

/** The unfinished multipart uploads, kept in memory. */
export class MultipartUploads {
  private readonly uploads = new Map<string, Upload>();

  /** @param now the server's clock, milliseconds since the epoch. */
  constructor(private readonly now: () => number) {}

  create(bucket: string, key: string, headers: Record<string, string>): Upload {
    const upload = { id: randomUUID(), bucket, key, headers, startedMs: this.now(), parts: new Map<number, Part>() };
    this.uploads.set(upload.id, upload);
    return upload;
  }

  /** @throws {S3ServerError} `NoSuchUpload`. */
  get(bucket: string, key: string, id: string): Upload {
    const upload = this.uploads.get(id);
    if (upload?.bucket !== bucket || upload.key !== key) {
      throw new S3ServerError('NoSuchUpload', 404, 'The upload does not exist.');
    }
    return upload;
  }

  of(bucket: string): Upload[] {
    return [...this.uploads.values()].filter((upload) => upload.bucket === bucket);
  }

  remove(upload: Upload): void {
    this.uploads.delete(upload.id);
  }
}

/** @returns the ETag of the part. */
export function addPart(upload: Upload, number: number, body: Buffer): string {
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw new S3ServerError('InvalidArgument', 400, 'Part numbers go from 1 to 10000.');
  }
  const md5 = createHash('md5').update(body).digest();
  upload.parts.set(number, { body, md5 });
  return md5.toString('hex');
}

/**
 * Puts the parts together that the request names.
 * @throws {S3ServerError} `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall`.
 */
export function joinParts(
  upload: Upload,
  wanted: readonly { number: number; etag: string }[],
): { body: Buffer; etag: string } {
  const parts: Part[] = [];
  let before = 0;
  for (const { number, etag } of wanted) {
    if (number <= before) throw new S3ServerError('InvalidPartOrder', 400, 'The parts are not in ascending order.');
    before = number;
    const part = upload.parts.get(number);
    if (part?.md5.toString('hex') !== etag) {
      throw new S3ServerError('InvalidPart', 400, 'A part could not be found, or its ETag is another.');
    }
    parts.push(part);
  }
  if (parts.length === 0) throw new S3ServerError('MalformedXML', 400, 'No parts were named.');
  if (parts.slice(0, -1).some(({ body }) => body.length < SMALLEST_PART)) {
    throw new S3ServerError('EntityTooSmall', 400, 'A part is smaller than 5 MiB and not the last one.');
  }
  const digest = createHash('md5')
    .update(Buffer.concat(parts.map(({ md5 }) => md5)))
    .digest('hex');
  return { body: Buffer.concat(parts.map(({ body }) => body)), etag: `${digest}-${parts.length}` };
}
