import { describeError } from '../services/describeError';
import { pauseAfter } from './queue';

/**
 * Does some work, and after a failure all of it again, after growing pauses.
 *
 * @param onFailure called with the cause where it is another one than the time before.
 * @returns a function that ends the attempts; what goes on goes on.
 */
export function keepTrying(work: () => Promise<void>, onFailure: (cause: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let failures = 0;
  let told: string | undefined;

  async function attempt(): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isStopped) return;
      failures += 1;
      const cause = describeError(error);
      if (cause !== told) onFailure(cause);
      told = cause;
      timer = setTimeout(() => void attempt(), pauseAfter(failures)).unref();
    }
  }

  void attempt();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
