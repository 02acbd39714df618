/** The parts of an SDK error that may be looked at: names and statuses, never messages, which differ by store. */
export interface StoreError {
  /** S3's error code (`NoSuchKey`), or the name of the SDK's own error (`TimeoutError`). */
  name: string;
  /** HTTP status, if the store answered. */
  httpStatus: number | undefined;
  /** Code of Node's network error (`ECONNRESET`), if there was one. */
  networkCode: string | undefined;
  /** Region the store says the bucket is in. */
  region: string | undefined;
  /** Where a redirect leads, without its query. */
  location: string | undefined;
  /** The SDK has just corrected its clock by the answer's date, so that a second try can succeed. */
  clockCorrected: boolean;
}

/** @returns the facts of anything that was thrown by the SDK; fields it does not have are `undefined`. */
export function readStoreError(error: unknown): StoreError {
  const metadata = field(error, '$metadata');
  const headers = field(field(error, '$response'), 'headers');
  return {
    name: text(field(error, 'name')) ?? 'UnknownError',
    httpStatus: number(field(metadata, 'httpStatusCode')),
    networkCode: networkCode(error),
    region: text(field(headers, 'x-amz-bucket-region')) ?? text(field(error, 'Region')),
    location: withoutQuery(text(field(headers, 'location'))),
    clockCorrected: field(metadata, 'clockSkewCorrected') === true,
  };
}

/** Node puts the code on the error, on its cause, or (when it tried several addresses) on each of `errors`. */
function networkCode(error: unknown, depth = 0): string | undefined {
  if (depth > 3) return undefined;
  const code = text(field(error, 'code'));
  if (code !== undefined) return code;
  const errors = field(error, 'errors');
  return networkCode(Array.isArray(errors) ? errors[0] : field(error, 'cause'), depth + 1);
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, name);
  return found;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function withoutQuery(url: string | undefined): string | undefined {
  return url?.split(/[?#]/, 1)[0];
}
