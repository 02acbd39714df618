import { checkGuards, UNASKED_DELETES, type DeleteFacts } from '../../../server/src/sync/guards';

const MAX_DELETE = { files: 10, percent: 25, absolute: 1_000 };

/** A healthy site of 100 files on both sides, with nothing to delete. */
function facts(given: Partial<DeleteFacts> = {}): DeleteFacts {
  return {
    side: 'remote',
    localFiles: 100,
    remoteObjects: 100,
    deletes: 0,
    recentDeletes: 0,
    firstRun: false,
    maxDelete: MAX_DELETE,
    ...given,
  };
}

describe('checkGuards', () => {
  it.each<[string, Partial<DeleteFacts>]>([
    ['nothing to delete', {}],
    ['nothing to delete from an empty directory', { localFiles: 0 }],
    ['nothing to delete in a first run', { firstRun: true }],
    ['nothing to delete, although the directory was emptied before', { emptied: 'directory-emptied' }],
    ['nothing to delete, although too much was deleted today', { recentDeletes: 5_000 }],
    ['10 of 10 known deletes with one file left', { localFiles: 1, remoteObjects: 11, deletes: 10 }],
    ['three images of ten', { localFiles: 7, remoteObjects: 10, deletes: 3 }],
    ['a first run with 10 deletes', { firstRun: true, deletes: 10 }],
    ['exactly 25 %', { remoteObjects: 100, deletes: 25 }],
    ['the whole part of 25 %', { remoteObjects: 103, deletes: 25 }],
    ['more than 25 % but only 10 files', { localFiles: 2, remoteObjects: 12, deletes: 10 }],
    ['exactly 1,000', { localFiles: 99_000, remoteObjects: 100_000, deletes: 1_000 }],
    ['10 with those of the last 24 h', { remoteObjects: 5, localFiles: 5, deletes: 3, recentDeletes: 7 }],
    ['25 % of what was there a day ago', { remoteObjects: 80, deletes: 5, recentDeletes: 20 }],
    ['1,000 with those of the last 24 h', { remoteObjects: 90_000, deletes: 400, recentDeletes: 600 }],
    ['a limit of 100 %', { remoteObjects: 100, deletes: 99, maxDelete: { files: 0, percent: 100, absolute: 1_000 } }],
  ])('lets pass: %s', (_, given) => {
    expect(checkGuards(facts(given))).toBeUndefined();
  });

  it.each<[string, Partial<DeleteFacts>, { guard: string; count: number; limit: number }]>([
    [
      'an empty directory beside a single object',
      { localFiles: 0, remoteObjects: 1, deletes: 1 },
      { guard: 'directory-emptied', count: 1, limit: 0 },
    ],
    [
      'an empty directory beside a full bucket',
      { localFiles: 0, deletes: 100 },
      { guard: 'directory-emptied', count: 100, limit: 0 },
    ],
    [
      'an empty directory, whatever maxDelete allows',
      { localFiles: 0, deletes: 100, maxDelete: { files: 1e9, percent: 100, absolute: 1e9 } },
      { guard: 'directory-emptied', count: 100, limit: 0 },
    ],
    [
      'one file of those that were gone all at once, although others came since',
      { emptied: 'directory-emptied', deletes: 1 },
      { guard: 'directory-emptied', count: 1, limit: 0 },
    ],
    [
      'a folder that was emptied, although a file came back to it',
      { emptied: 'folder-emptied', deletes: 20 },
      { guard: 'folder-emptied', count: 20, limit: 0 },
    ],
    [
      'a folder that lost all of its files, although 25 % allow them',
      { deletes: 11, emptiedFolder: { name: 'uploads', deletes: 11 } },
      { guard: 'folder-emptied', count: 11, limit: 10 },
    ],
    ['11 deletes in a first run', { firstRun: true, deletes: 11 }, { guard: 'first-run', count: 11, limit: 10 }],
    [
      'one more than 25 %',
      { remoteObjects: 100, localFiles: 74, deletes: 26 },
      { guard: 'max-delete', count: 26, limit: 25 },
    ],
    [
      'a part of a file more than 25 %',
      { remoteObjects: 103, localFiles: 77, deletes: 26 },
      { guard: 'max-delete', count: 26, limit: 25 },
    ],
    [
      '11 files that are more than 25 %',
      { remoteObjects: 12, localFiles: 1, deletes: 11 },
      { guard: 'max-delete', count: 11, limit: 10 },
    ],
    [
      'one more than 1,000, although they are few of many',
      { remoteObjects: 1_000_000, localFiles: 998_999, deletes: 1_001 },
      { guard: 'max-delete', count: 1_001, limit: 1_000 },
    ],
    [
      'one more than 10 with those of the last 24 h',
      { remoteObjects: 5, deletes: 4, recentDeletes: 7 },
      { guard: 'max-delete', count: 4, limit: 3 },
    ],
    [
      'one more than 25 % with those of the last 24 h',
      { remoteObjects: 80, deletes: 6, recentDeletes: 20 },
      { guard: 'max-delete', count: 6, limit: 5 },
    ],
    [
      'a single one after all that a day allows',
      { remoteObjects: 90_000, deletes: 1, recentDeletes: 1_000 },
      { guard: 'max-delete', count: 1, limit: 0 },
    ],
    [
      'a single one after more than a day allows: the limit is never below 0',
      { remoteObjects: 90_000, deletes: 1, recentDeletes: 2_000 },
      { guard: 'max-delete', count: 1, limit: 0 },
    ],
    [
      'anything where nothing may be deleted',
      { deletes: 1, maxDelete: { files: 0, percent: 0, absolute: 0 } },
      { guard: 'max-delete', count: 1, limit: 0 },
    ],
    [
      'more than `absolute`, although `files` allows it',
      { deletes: 6, maxDelete: { files: 10, percent: 25, absolute: 5 } },
      { guard: 'max-delete', count: 6, limit: 5 },
    ],
  ])('withholds: %s', (_, given, expected) => {
    expect(checkGuards(facts(given))).toMatchObject(expected);
  });

  it('measures fifty small runs of one day as one big one', () => {
    const remoteAtStart = 1_000;
    let deleted = 0;
    for (let run = 0; run < 50; run += 1) {
      const refusal = checkGuards(
        facts({ localFiles: 500, remoteObjects: remoteAtStart - deleted, deletes: 8, recentDeletes: deleted }),
      );
      if (refusal) break;
      deleted += 8;
    }
    expect(deleted).toBe(248);
  });

  it.each<[string, Partial<DeleteFacts>, string[]]>([
    ['directory-emptied', { localFiles: 0, deletes: 7 }, ['7', 'mounted', 'confirm']],
    [
      'folder-emptied',
      { deletes: 12, emptiedFolder: { name: 'uploads/2024', deletes: 12 } },
      ['12', '"uploads/2024"', 'mounted'],
    ],
    ['first-run', { firstRun: true, deletes: UNASKED_DELETES + 1 }, ['first run', '11', 'confirm']],
    ['max-delete', { deletes: 30, recentDeletes: 5 }, ['30 of 100', '5 more', '24 hours', 'confirm']],
  ])('says what the guard %s saw and what to do', (guard, given, words) => {
    const refusal = checkGuards(facts(given));
    expect(refusal?.guard).toBe(guard);
    const text = `${refusal?.message ?? ''} ${refusal?.fix ?? ''}`;
    for (const word of words) expect(text).toContain(word);
  });

  describe('of local deletes', () => {
    const local: Partial<DeleteFacts> = { side: 'local' };

    it.each<[string, Partial<DeleteFacts>]>([
      ['nothing to delete beside an emptied bucket', { remoteObjects: 0 }],
      ['exactly 25 % of the local files', { localFiles: 100, remoteObjects: 1, deletes: 25 }],
      ['10 of 12 files', { localFiles: 12, remoteObjects: 2, deletes: 10 }],
    ])('lets pass: %s', (_, given) => {
      expect(checkGuards(facts({ ...local, ...given }))).toBeUndefined();
    });

    it.each<[string, Partial<DeleteFacts>, { guard: string; count: number; limit: number }]>([
      [
        'a single file beside an emptied bucket',
        { remoteObjects: 0, deletes: 1 },
        { guard: 'bucket-emptied', count: 1, limit: 0 },
      ],
      [
        'one more than 25 % of the local files, however full the bucket is',
        { localFiles: 100, remoteObjects: 100_000, deletes: 26 },
        { guard: 'max-delete', count: 26, limit: 25 },
      ],
      [
        'one more than 10 with those of the last 24 h',
        { localFiles: 5, deletes: 4, recentDeletes: 7 },
        { guard: 'max-delete', count: 4, limit: 3 },
      ],
    ])('withholds: %s', (_, given, expected) => {
      expect(checkGuards(facts({ ...local, ...given }))).toMatchObject(expected);
    });

    it('says that it is the files here that it would delete', () => {
      expect(checkGuards(facts({ ...local, deletes: 30 }))?.message).toContain('30 of 100 files here');
      expect(checkGuards(facts({ ...local, remoteObjects: 0, deletes: 3 }))?.message).toContain('bucket holds no file');
    });
  });

  it('speaks of earlier deletes only where there were any', () => {
    expect(checkGuards(facts({ deletes: 30 }))?.message).not.toContain('24 hours');
  });
});
