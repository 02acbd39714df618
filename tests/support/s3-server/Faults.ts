import type { Operation, S3Request } from './S3Request';

/** Which requests a fault is for; what is left out matches all. */
export interface FaultMatch {
  operation?: Operation | readonly Operation[];
  key?: string | RegExp;
  /** Only the n-th request (from 1) that matches the rest. */
  nth?: number;
  /** Only from the n-th request (from 1) on. */
  from?: number;
  /** From 0 to 1. */
  probability?: number;
}

/** What goes wrong. */
export type FaultAction =
  /** This answer instead of the real one. */
  | { kind: 'status'; status: number; code?: string; headers?: Record<string, string> }
  /** Waits, then answers as usual. */
  | { kind: 'delay'; ms: number }
  /** Sends half of the body of the answer, then breaks the connection. */
  | { kind: 'cut-body' }
  /** Sends the headers and so many bytes of the body, and then nothing more; the connection stays open. */
  | { kind: 'stall'; afterBytes: number }
  /** Sends the headers, and the body so many bytes at a time, ten times a second. */
  | { kind: 'trickle'; bytes: number }
  /** Breaks the connection before anything is done. */
  | { kind: 'reset' }
  /** Does what was asked, then breaks the connection instead of answering. */
  | { kind: 'lost-answer' }
  /** Never answers. */
  | { kind: 'hang' }
  /** A page that says it is not the last and names no next one. */
  | { kind: 'truncated-page' }
  /** A page that holds fewer keys than its KeyCount says. */
  | { kind: 'short-page' }
  /** A page in reverse order. */
  | { kind: 'unsorted-page' }
  /** A page that leads to itself. */
  | { kind: 'repeated-page' }
  /** Half of the XML, as if it were all. */
  | { kind: 'broken-xml' }
  /** The object gets an ETag that is no MD5, as with SSE-KMS. */
  | { kind: 'opaque-etag' }
  /** One key of a DeleteObjects request is refused, the others are deleted. */
  | { kind: 'key-error'; code: string };

/** A fault on demand. */
export type Fault = FaultAction & {
  match?: FaultMatch;
  /** How often it happens; always if absent. */
  times?: number;
};

interface Armed {
  fault: Fault;
  matched: number;
  done: number;
}

/** The faults that are switched on. */
export class Faults {
  private armed: Armed[] = [];
  private seed = 0x9e3779b9;

  add(fault: Fault): void {
    this.armed.push({ fault, matched: 0, done: 0 });
  }

  clear(): void {
    this.armed = [];
  }

  /** @returns the fault this request meets, if any. */
  take({ operation, key }: Pick<S3Request, 'operation' | 'key'>): Fault | undefined {
    const armed = this.armed.find(
      (candidate) => candidate.fault.kind !== 'key-error' && this.meets(candidate, operation, key),
    );
    return armed && use(armed);
  }

  /** @returns the fault one key of a DeleteObjects request meets, if any. */
  takeForKey(key: string): Extract<Fault, { kind: 'key-error' }> | undefined {
    for (const armed of this.armed) {
      const { fault } = armed;
      if (fault.kind === 'key-error' && this.meets(armed, 'DeleteObjects', key)) {
        use(armed);
        return fault;
      }
    }
    return undefined;
  }

  private meets(armed: Armed, operation: Operation, key: string): boolean {
    const { match = {}, times = Infinity } = armed.fault;
    if (armed.done >= times) return false;
    if (match.operation !== undefined && ![match.operation].flat().includes(operation)) return false;
    if (typeof match.key === 'string' && match.key !== key) return false;
    if (match.key instanceof RegExp && !match.key.test(key)) return false;
    armed.matched++;
    if (match.nth !== undefined && match.nth !== armed.matched) return false;
    if (match.from !== undefined && armed.matched < match.from) return false;
    return match.probability === undefined || this.random() < match.probability;
  }

  /** From 0 up to 1, the same numbers in every run (xorshift32), so that a failing test fails again. */
  private random(): number {
    this.seed ^= this.seed << 13;
    this.seed ^= this.seed >>> 17;
    this.seed ^= this.seed << 5;
    return (this.seed >>> 0) / 2 ** 32;
  }
}

function use(armed: Armed): Fault {
  armed.done++;
  return armed.fault;
}
