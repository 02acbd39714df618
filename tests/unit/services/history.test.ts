import { createHistory, FailureDigest, REPEAT_AFTER_MS } from '../../../server/src/services/history';
import type { SyncScope } from '../../../server/src/sync/SyncOptions';
import { makeReport } from '../../support/makeReport';

const LOCAL: SyncScope = { kind: 'local' };
const WHOLE: SyncScope = { kind: 'whole' };
const KEYS: SyncScope = { kind: 'keys', keys: ['uploads/a.jpg'] };

const refusal = (digest: string) =>
  ({ guard: 'max-delete', count: 30, limit: 10, message: 'm', fix: 'f', digest }) as const;
const refused = (digest: string) => makeReport({ status: 'refused', withheld: 30, refused: refusal(digest) });

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the history keeps', () => {
  test('no look that found nothing, however often', () => {
    const history = createHistory();
    for (const trigger of ['scan', 'content', 'scan'] as const) {
      expect(history.keeps(trigger, LOCAL, makeReport(), '')).toBe(false);
    }
    expect(history.keeps('media', KEYS, makeReport(), '')).toBe(false);
    expect(history.keeps('feed', KEYS, makeReport(), '')).toBe(false);
  });

  test.each(['button', 'cli', 'trash'] as const)('what a person asked for: %s', (trigger) => {
    const history = createHistory();
    expect(history.keeps(trigger, KEYS, makeReport(), '')).toBe(true);
    expect(history.keeps(trigger, KEYS, makeReport(), '')).toBe(true);
  });

  test('every comparison of everything', () => {
    const history = createHistory();
    expect(history.keeps('start', WHOLE, makeReport(), '')).toBe(true);
    expect(history.keeps('cron', WHOLE, makeReport(), '')).toBe(true);
  });

  test.each(['uploaded', 'downloaded', 'deletedRemote', 'deletedLocal', 'conflicts'] as const)(
    'every run that changed something: %s',
    (count) => {
      const history = createHistory();
      expect(history.keeps('scan', LOCAL, makeReport({ [count]: 1 }), '')).toBe(true);
      expect(history.keeps('scan', LOCAL, makeReport({ [count]: 1 }), '')).toBe(true);
    },
  );

  test('no look at the files here that found nothing after a comparison was refused: the refusal stays the last one', () => {
    const history = createHistory();
    expect(history.keeps('button', WHOLE, refused('1'), '')).toBe(true);
    expect(history.keeps('scan', LOCAL, makeReport(), '')).toBe(false);
  });

  test('the same trouble once, and again after an hour', () => {
    const history = createHistory();
    expect(history.keeps('scan', LOCAL, refused('1'), '')).toBe(true);
    jest.advanceTimersByTime(REPEAT_AFTER_MS / 2);
    expect(history.keeps('scan', LOCAL, refused('1'), '')).toBe(false);
    jest.advanceTimersByTime(REPEAT_AFTER_MS / 2);
    expect(history.keeps('content', LOCAL, refused('1'), '')).toBe(true);
    expect(history.keeps('content', LOCAL, refused('1'), '')).toBe(false);
  });

  test('other trouble, and its end', () => {
    const history = createHistory();
    expect(history.keeps('scan', LOCAL, refused('1'), '')).toBe(true);
    expect(history.keeps('scan', LOCAL, refused('2'), '')).toBe(true);
    expect(history.keeps('scan', LOCAL, makeReport(), '')).toBe(true);
    expect(history.keeps('scan', LOCAL, makeReport(), '')).toBe(false);
  });

  test('trouble with other files', () => {
    const history = createHistory();
    const partial = makeReport({ status: 'partial', failed: 1 });
    const digestOf = (key: string) => {
      const digest = new FailureDigest();
      digest.add({ key, code: 'ACCESS_DENIED', message: 'm', fix: 'f' });
      return digest.digest();
    };
    expect(history.keeps('scan', LOCAL, partial, digestOf('a'))).toBe(true);
    expect(history.keeps('scan', LOCAL, partial, digestOf('a'))).toBe(false);
    expect(history.keeps('scan', LOCAL, partial, digestOf('b'))).toBe(true);
  });

  test('files by name apart from looks at everything: the one says nothing of the other', () => {
    const history = createHistory();
    expect(history.keeps('scan', LOCAL, refused('1'), '')).toBe(true);
    expect(history.keeps('media', KEYS, makeReport(), '')).toBe(false);
    expect(history.keeps('scan', LOCAL, refused('1'), '')).toBe(false);
  });

  test('a store that goes on being away once an hour, though the start is tried again and again', () => {
    const history = createHistory();
    const failed = makeReport({ status: 'failed', error: { code: 'STORE_UNREACHABLE', message: 'm', fix: 'f' } });
    let kept = 0;
    for (let minute = 0; minute < 300; minute += 5) {
      if (history.keeps('start', WHOLE, failed, '')) kept += 1;
      jest.advanceTimersByTime(5 * 60_000);
    }
    expect(kept).toBe(5);
  });
});

test('nothing that failed has an empty digest', () => {
  expect(new FailureDigest().digest()).toBe('');
});
