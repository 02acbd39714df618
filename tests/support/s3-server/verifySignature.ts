import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { S3Request } from './S3Request';
import { S3ServerError } from './S3ServerError';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
const MAX_SKEW_MS = 15 * 60 * 1000;

/** Who signed a request, and for which region. */
export interface Signer {
  accessKeyId: string;
  region: string;
}

/**
 * Checks Signature Version 4 by signing the request again with the secret that the server knows.
 *
 * @param credentials secret access keys by access key id.
 * @param body the whole body as received.
 * @param nowMs the server's clock, milliseconds since the epoch.
 * @throws {S3ServerError} the refusal S3 would send.
 */
export async function verifySignature(
  request: S3Request,
  credentials: Readonly<Record<string, string>>,
  body: Buffer,
  nowMs: number,
): Promise<Signer> {
  const authorization = request.headers.authorization;
  if (authorization === undefined) throw new S3ServerError('AccessDenied', 403, 'Access Denied');
  const [, accessKeyId = '', , region = '', headerNames = '', signature = ''] = AUTHORIZATION.exec(authorization) ?? [];
  if (signature === '') {
    throw new S3ServerError('AuthorizationHeaderMalformed', 400, 'The authorization header is malformed.');
  }
  const secretAccessKey = credentials[accessKeyId];
  if (secretAccessKey === undefined) {
    throw new S3ServerError('InvalidAccessKeyId', 403, 'The access key id does not exist.');
  }
  const signedAt = parseAmzDate(headerValue(request, 'x-amz-date'));
  if (Number.isNaN(signedAt.getTime()) || Math.abs(signedAt.getTime() - nowMs) > MAX_SKEW_MS) {
    throw new S3ServerError('RequestTimeTooSkewed', 403, 'The difference between the clocks is too large.');
  }
  requireBody(headerValue(request, 'x-amz-content-sha256'), body);

  const signedHeaders = headerNames.split(';');
  if (!signedHeaders.includes('host')) throw new S3ServerError('AccessDenied', 403, 'The host must be signed.');
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const expected = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: 'unused',
      path: request.rawPath,
      query: Object.fromEntries(request.query),
      headers: Object.fromEntries(signedHeaders.map((name) => [name, headerValue(request, name)])),
    },
    { signingDate: signedAt, signableHeaders: new Set(signedHeaders) },
  );
  const expectedSignature = /Signature=([0-9a-f]{64})$/.exec(expected.headers.authorization ?? '')?.[1] ?? '';
  if (!timingSafeEqual(Buffer.from(signature.padEnd(64)), Buffer.from(expectedSignature.padEnd(64)))) {
    throw new S3ServerError('SignatureDoesNotMatch', 403, 'The signature does not match.');
  }
  return { accessKeyId, region };
}

/** @throws {S3ServerError} unless the body is the one that was signed. */
function requireBody(announced: string, body: Buffer): void {
  if (announced === 'UNSIGNED-PAYLOAD') return;
  if (announced.startsWith('STREAMING-')) {
    // As Ceph 16 answers to chunks with a trailer.
    throw new S3ServerError('MissingContentLength', 411, 'Send the body with a Content-Length.');
  }
  if (announced !== createHash('sha256').update(body).digest('hex')) {
    throw new S3ServerError('XAmzContentSHA256Mismatch', 400, 'The body is not the one that was signed.');
  }
}

function headerValue({ headers }: S3Request, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

/** `20250102T030405Z`, as SigV4 writes dates. */
function parseAmzDate(text: string): Date {
  return new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
