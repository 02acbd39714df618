/**
 * Waits for work until a signal is aborted. The work is told by other means; where it goes on all the same, as a pause
 * between two attempts does, nobody waits for it.
 *
 * @throws what the work throws, and an `AbortError` once the signal is aborted.
 */
export function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new DOMException('The work was aborted.', 'AbortError'));
    };
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
