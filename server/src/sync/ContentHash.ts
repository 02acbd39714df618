import { createHash, type Hash } from 'node:crypto';
import { composedEtag } from './bucket/composedEtag';
import { partSizeFor } from './bucket/partSizeFor';
import type { ContentDigest } from './provesEqual';

const MIB = 1024 * 1024;

/** Part sizes, in bytes, that the usual tools upload with: ours, the AWS CLI's and rclone's. */
const USUAL_PART_SIZES = [8 * MIB, 5 * MIB, 16 * MIB];

/** Hashes a file while it is read, in one pass: its MD5, and the ETag it would have had as a multipart upload. */
export class ContentHash {
  readonly #size: number;
  readonly #whole = createHash('md5');
  readonly #composers: PartHash[];

  /**
   * @param size bytes of the whole content.
   * @param etag the ETag to compare with; only one with a part count asks for the parts.
   */
  constructor(size: number, etag: string | undefined) {
    this.#size = size;
    const parts = Number(/-(\d+)$/.exec(etag ?? '')?.[1] ?? 0);
    const sizes = new Set([partSizeFor(size), ...USUAL_PART_SIZES]);
    this.#composers = [...sizes].filter((one) => Math.ceil(size / one) === parts).map((one) => new PartHash(one));
  }

  /** Takes the next bytes, in order. */
  update(bytes: Buffer): void {
    this.#whole.update(bytes);
    for (const composer of this.#composers) composer.update(bytes);
  }

  digest(): ContentDigest {
    return {
      size: this.#size,
      md5: this.#whole.digest('hex'),
      composedEtags: this.#composers.map((composer) => composer.etag()),
    };
  }
}

/** MD5s of consecutive parts of one size. */
class PartHash {
  readonly #partSize: number;
  readonly #done: Buffer[] = [];
  #part: Hash = createHash('md5');
  #filled = 0;

  constructor(partSize: number) {
    this.#partSize = partSize;
  }

  update(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.subarray(at, at + this.#partSize - this.#filled);
      this.#part.update(taken);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === this.#partSize) this.#endPart();
    }
  }

  etag(): string {
    if (this.#filled > 0) this.#endPart();
    return composedEtag(this.#done);
  }

  #endPart(): void {
    this.#done.push(this.#part.digest());
    this.#part = createHash('md5');
    this.#filled = 0;
  }
}
