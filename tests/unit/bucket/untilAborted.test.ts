import { untilAborted } from '../../../server/src/sync/bucket/untilAborted';

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

describe('waiting until a signal is aborted', () => {
  it('gives what the work gives, and throws what it throws', async () => {
    const { signal } = new AbortController();
    await expect(untilAborted(Promise.resolve('done'), signal)).resolves.toBe('done');
    await expect(untilAborted(Promise.reject(new Error('of the work')), signal)).rejects.toThrow('of the work');
  });

  it('ends at once when it is aborted, and leaves no rejection of the work behind', async () => {
    const controller = new AbortController();
    const work = pause(50).then(() => {
      throw new Error('too late');
    });
    const waiting = untilAborted(work, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await pause(80);
  });
});
