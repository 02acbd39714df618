import { createHash, type Hash } from 'node:crypto';
import type { PlannedOperation } from './PlannedOperation';

/** Gathers the operations of a plan, in its order, into one value: two plans with the same one do the same. */
export class PlanDigest {
  readonly #hash: Hash = createHash('sha256');

  add({ key, action, size }: PlannedOperation): void {
    this.#hash.update(`${action} ${size} ${key}\0`);
  }

  /** Ends the digest. @returns SHA-256 in hex. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
