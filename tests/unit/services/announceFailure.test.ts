import type { RunAnswer } from '../../../server/src/routes/contract';
import { createFailureAnnouncer, RUN_FAILED } from '../../../server/src/services/announceFailure';
import { makeReport } from '../../support/makeReport';
import { pause } from '../../support/waitUntil';

const log = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };
const run: RunAnswer = { id: 1, trigger: 'cli', startedAt: new Date(0).toISOString(), ...makeReport() };
const failed: RunAnswer = { ...run, status: 'failed' };

let listener: jest.Mock<Promise<void>, [string, unknown]>;
const queue = { running: 0 };
const announcer = () => createFailureAnnouncer({ eventHub: { emit: listener }, get: () => ({ queue }) }, log);
const never = new AbortController().signal;

beforeEach(() => {
  queue.running = 0;
  listener = jest.fn((_event: string, _payload: unknown) => Promise.resolve());
});

describe('The end of a process after a failed run', () => {
  test('waits for those who listen, and for the webhooks that follow', async () => {
    const done: string[] = [];
    listener.mockImplementation(async () => {
      await pause(100);
      done.push('mail');
      queue.running = 1;
      setTimeout(() => {
        done.push('webhook');
        queue.running = 0;
      }, 100);
    });
    const told = announcer();
    told.announce(failed);
    await told.settle(never);
    expect(done).toEqual(['mail', 'webhook']);
    expect(listener).toHaveBeenCalledWith(RUN_FAILED, { run: failed });
  });

  test('does not wait for ever', async () => {
    listener.mockImplementation(() => new Promise(() => undefined));
    const told = announcer();
    told.announce(failed);
    const begunAt = Date.now();
    await told.settle(never, 200);
    expect(Date.now() - begunAt).toBeLessThan(5_000);
    const giveUp = new AbortController();
    setTimeout(() => {
      giveUp.abort();
    }, 100);
    await told.settle(giveUp.signal);
    expect(Date.now() - begunAt).toBeLessThan(5_000);
  });

  test('waits for nobody where no run has failed', async () => {
    queue.running = 1;
    const told = announcer();
    told.announce(run);
    await told.settle(never);
    expect(listener).not.toHaveBeenCalled();
  });
});
