import { isNativeError } from 'node:util/types';

/**
 * Jest runs each test file with globals of its own, so an error that comes from Node's core (`ECONNREFUSED`) is no
 * `instanceof Error` there. The SDK looks at just that, and would lose the code of the error in tests alone.
 */
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, candidate: unknown): boolean {
    if (this === Error && isNativeError(candidate)) return true;
    return typeof this === 'function' && Function.prototype[Symbol.hasInstance].call(this, candidate);
  },
});
