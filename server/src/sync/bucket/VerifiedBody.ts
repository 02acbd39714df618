import { Transform, type TransformCallback } from 'node:stream';
import { SyncError } from '../SyncError';

/**
 * Passes a body through, and ends with an error unless exactly the announced number of bytes came.
 * Errors of the connection come out as `SyncError`.
 */
export class VerifiedBody extends Transform {
  private received = 0;

  /**
   * @param key named in errors.
   * @param size bytes that the store announced.
   * @param explain turns an error of the connection into a `SyncError`.
   */
  constructor(
    private readonly key: string,
    private readonly size: number,
    private readonly explain: (error: unknown) => SyncError,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.received += chunk.length;
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    callback(this.received === this.size ? null : this.cut());
  }

  /** In words from the start: a reader that comes only after the error is given it as it was when it came. */
  override destroy(error?: Error): this {
    return super.destroy(error === undefined ? undefined : this.explain(error));
  }

  private cut(): SyncError {
    return new SyncError('INTEGRITY', {
      message: `The store sent ${this.received} of the ${this.size} bytes of ${this.key}.`,
      fix: 'Run the sync again.',
      key: this.key,
    });
  }
}
