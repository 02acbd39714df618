import { createActivity } from '../../../server/src/services/activity';
import { makeReport } from '../../support/makeReport';

const EVERYTHING = { kind: 'whole' } as const;

describe('the activity', () => {
  test('begins at 0', () => {
    const { since, ...counts } = createActivity().read();
    expect(Date.parse(since)).toBeLessThanOrEqual(Date.now());
    expect(counts).toEqual({
      events: {},
      skipped: { coalesced: 0, off: 0, excluded: 0, problems: 0, outside: 0, busy: 0 },
      retries: 0,
      runs: {},
      outcomes: { changed: 0, unchanged: 0, refused: 0, failed: 0, cancelled: 0 },
      requests: {},
      bytes: 0,
    });
  });

  test('counts events and runs by what asked, and why an event led to no run', () => {
    const activity = createActivity();
    for (let index = 0; index < 3; index += 1) activity.event('content');
    activity.event('media');
    activity.skip('coalesced');
    activity.skip('off');
    activity.ran('content', EVERYTHING, makeReport());
    activity.ran('media', EVERYTHING, makeReport({ uploaded: 1 }));
    expect(activity.read()).toMatchObject({
      events: { content: 3, media: 1 },
      skipped: { coalesced: 1, off: 1, excluded: 0 },
      runs: { content: 1, media: 1 },
      outcomes: { changed: 1, unchanged: 1 },
    });
  });

  test.each([
    ['nothing to do', makeReport(), 'unchanged'],
    ['an upload', makeReport({ uploaded: 1 }), 'changed'],
    ['a conflict', makeReport({ conflicts: 1 }), 'changed'],
    ['one file that failed', makeReport({ status: 'partial', uploaded: 1, failed: 1 }), 'failed'],
    ['a store that is away', makeReport({ status: 'failed' }), 'failed'],
    ['a guard', makeReport({ status: 'refused' }), 'refused'],
    ['a person who ended it', makeReport({ status: 'cancelled' }), 'cancelled'],
  ] as const)('counts a run with %s', (_what, report, outcome) => {
    const activity = createActivity();
    activity.ran('content', EVERYTHING, report);
    const { changed, unchanged, refused, failed, cancelled } = activity.read().outcomes;
    expect({ changed, unchanged, refused, failed, cancelled }).toEqual({
      ...{ changed: 0, unchanged: 0, refused: 0, failed: 0, cancelled: 0 },
      [outcome]: 1,
    });
  });

  test('adds up requests by kind, and bytes', () => {
    const activity = createActivity();
    activity.ran('start', EVERYTHING, makeReport({ requests: { ListObjectsV2: 1, PutObject: 2 }, bytes: 30 }));
    activity.ran('media', EVERYTHING, makeReport({ requests: { PutObject: 5 }, bytes: 12 }));
    expect(activity.read()).toMatchObject({ requests: { ListObjectsV2: 1, PutObject: 7 }, bytes: 42 });
  });

  test('counts the requests of what is no run while it goes on, and keeps them when it has ended', () => {
    const activity = createActivity();
    const counts = { GetObject: 2, HeadObject: 1 };
    activity.ran('start', EVERYTHING, makeReport({ requests: { GetObject: 1 } }));
    const end = activity.follow({ requests: () => counts });
    expect(activity.read().requests).toEqual({ GetObject: 3, HeadObject: 1 });
    counts.GetObject += 1;
    end();
    counts.GetObject += 1;
    end();
    expect(activity.read().requests).toEqual({ GetObject: 4, HeadObject: 1 });
  });

  test('tells a run of the history what came before it', () => {
    const activity = createActivity();
    for (let index = 0; index < 4; index += 1) {
      activity.event('content');
      activity.ran('content', EVERYTHING, makeReport());
    }
    expect(activity.takeSinceLastKept()).toEqual({ events: 4, quietRuns: 3 });
    activity.event('media');
    activity.ran('media', EVERYTHING, makeReport({ uploaded: 1 }));
    expect(activity.takeSinceLastKept()).toEqual({ events: 1, quietRuns: 0 });
  });
});
