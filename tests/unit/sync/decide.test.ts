import fc from 'fast-check';
import { decide, type Decision, type Mode, type Sides } from '../../../server/src/sync/decide';
import { baseEntry, fingerprint } from './support/entries';

const SAME = fingerprint();
/** Touched, but of the same size: the bytes may or may not be the same. */
const TOUCHED = fingerprint({ mtimeNs: 9_999n });
const RESIZED = fingerprint({ size: 11, mtimeNs: 9_999n });

const AS_IN_BASE = { size: 10, etag: 'etag-of-base' };
const REWRITTEN = { size: 10, etag: 'other-etag' };
const REMOTE_RESIZED = { size: 12, etag: 'other-etag' };

const BASE = baseEntry();
const RACY = baseEntry({ racy: true });

type Row = [row: string, what: string, sides: Partial<Sides>, action: Decision['action'], expect: Decision['expect']];

function decided(mode: Mode, sides: Partial<Sides>): Decision {
  return decide(mode, { local: undefined, remote: undefined, base: undefined, ...sides });
}

const SINGLE: Row[] = [
  ['S1', 'new', { local: SAME }, 'upload', 'anything'],
  ['S1', 'gone from the bucket, although base knows it', { local: SAME, base: BASE }, 'upload', 'anything'],
  ['S2', 'both as in base', { local: SAME, remote: AS_IN_BASE, base: BASE }, 'none', 'anything'],
  ['S3', 'other size', { local: SAME, remote: REMOTE_RESIZED }, 'upload', 'anything'],
  ['S3', 'grown since base', { local: RESIZED, remote: AS_IN_BASE, base: BASE }, 'upload', 'anything'],
  ['S3', 'other object since base', { local: SAME, remote: REMOTE_RESIZED, base: BASE }, 'upload', 'anything'],
  [
    'S3',
    'an ETag of base on an object of another size',
    { local: SAME, remote: { size: 12, etag: BASE.etag }, base: BASE },
    'upload',
    'anything',
  ],
  ['S4', 'same size, no base', { local: SAME, remote: AS_IN_BASE }, 'compare', 'anything'],
  ['S4', 'touched since base', { local: TOUCHED, remote: AS_IN_BASE, base: BASE }, 'compare', 'anything'],
  ['S4', 'object rewritten since base', { local: SAME, remote: REWRITTEN, base: BASE }, 'compare', 'anything'],
  ['S4', 'fresh when base was written', { local: SAME, remote: AS_IN_BASE, base: RACY }, 'compare', 'anything'],
  ['S5', 'same bytes', { local: SAME, remote: REWRITTEN, evidence: { equal: true } }, 'adopt', 'anything'],
  ['S6', 'other bytes', { local: SAME, remote: REWRITTEN, evidence: { equal: false } }, 'upload', 'anything'],
  ['S7', 'only in the bucket', { remote: AS_IN_BASE }, 'delete-remote', 'anything'],
  ['S7', 'gone since base', { remote: AS_IN_BASE, base: BASE }, 'delete-remote', 'anything'],
  ['S7', 'gone here, rewritten there', { remote: REWRITTEN, base: BASE }, 'delete-remote', 'anything'],
  ['S8', 'gone from both', { base: BASE }, 'drop-base', 'anything'],
  ['S9', 'nowhere', {}, 'none', 'anything'],
];

const MULTI_WITH_BASE: Row[] = [
  ['M1', 'nothing changed', { local: SAME, remote: AS_IN_BASE }, 'none', 'anything'],
  [
    'M1',
    'touched, but the bytes of base',
    { local: TOUCHED, remote: AS_IN_BASE, evidence: { localIsBase: true } },
    'adopt',
    'anything',
  ],
  ['M2', 'changed there', { local: SAME, remote: REWRITTEN }, 'download', 'as-listed'],
  ['M2', 'changed there, other size', { local: SAME, remote: REMOTE_RESIZED }, 'download', 'as-listed'],
  [
    'M2',
    'changed there, only touched here',
    { local: TOUCHED, remote: REWRITTEN, evidence: { localIsBase: true } },
    'download',
    'as-listed',
  ],
  ['M3', 'gone there', { local: SAME }, 'delete-local', 'absent'],
  [
    'M3',
    'gone there, only touched here',
    { local: TOUCHED, evidence: { localIsBase: true } },
    'delete-local',
    'absent',
  ],
  ['M4', 'changed here', { local: RESIZED, remote: AS_IN_BASE }, 'upload', 'as-in-base'],
  [
    'M4',
    'changed here, same size',
    { local: TOUCHED, remote: AS_IN_BASE, evidence: { localIsBase: false } },
    'upload',
    'as-in-base',
  ],
  [
    'M5',
    'changed in the same way',
    { local: TOUCHED, remote: REWRITTEN, evidence: { localIsBase: false, equal: true } },
    'adopt',
    'anything',
  ],
  ['M6', 'changed in different ways', { local: RESIZED, remote: REMOTE_RESIZED }, 'conflict', 'as-listed'],
  [
    'M6',
    'changed in different ways, same size',
    { local: TOUCHED, remote: REWRITTEN, evidence: { localIsBase: false, equal: false } },
    'conflict',
    'as-listed',
  ],
  ['M7', 'changed here, gone there', { local: RESIZED }, 'upload', 'absent'],
  [
    'M7',
    'changed here, same size, gone there',
    { local: TOUCHED, evidence: { localIsBase: false } },
    'upload',
    'absent',
  ],
  ['M8', 'gone here', { remote: AS_IN_BASE }, 'delete-remote', 'as-in-base'],
  ['M9', 'gone here, changed there', { remote: REWRITTEN }, 'download', 'as-listed'],
  [
    'M11',
    'gone there, but the delete named another content',
    { local: SAME, feed: 'other-deleted' },
    'upload',
    'absent',
  ],
  ['M10', 'gone from both', {}, 'drop-base', 'anything'],
  ['M8', 'deleted here by name', { remote: AS_IN_BASE, byName: true }, 'delete-remote', 'as-in-base'],
  ['M12', 'deleted here by name, changed there', { remote: REWRITTEN, byName: true }, 'delete-remote', 'as-listed'],
  [
    'M13',
    'changed here, its entry deleted elsewhere',
    { local: RESIZED, feed: 'entry-deleted' },
    'delete-local',
    'absent',
  ],
  [
    'M14',
    'in step, its entry deleted before it came',
    { local: SAME, remote: AS_IN_BASE, feed: 'entry-deleted' },
    'delete-remote',
    'as-in-base',
  ],
  ['MC', 'touched here, not looked at', { local: TOUCHED, remote: AS_IN_BASE }, 'compare', 'anything'],
  ['MC', 'touched here, gone there, not looked at', { local: TOUCHED }, 'compare', 'anything'],
  [
    'MC',
    'changed on both sides, same size, not compared',
    { local: TOUCHED, remote: REWRITTEN, evidence: { localIsBase: false } },
    'compare',
    'anything',
  ],
  ['MC', 'fresh when base was written', { local: SAME, remote: AS_IN_BASE, base: RACY }, 'compare', 'anything'],
];

const MULTI_WITHOUT_BASE: Row[] = [
  ['N1', 'only here', { local: SAME }, 'upload', 'absent'],
  ['N1', 'only here, another content deleted', { local: SAME, feed: 'other-deleted' }, 'upload', 'absent'],
  ['N2', 'only here, superseded elsewhere', { local: SAME, feed: 'superseded' }, 'delete-local', 'absent'],
  ['N2', 'only here, deleted elsewhere', { local: SAME, feed: 'deleted' }, 'delete-local', 'absent'],
  ['N3', 'only there', { remote: AS_IN_BASE }, 'download', 'as-listed'],
  ['N4', 'same bytes', { local: SAME, remote: AS_IN_BASE, evidence: { equal: true } }, 'adopt', 'anything'],
  ['N5', 'other bytes', { local: SAME, remote: AS_IN_BASE, evidence: { equal: false } }, 'conflict', 'as-listed'],
  ['N5', 'other size', { local: SAME, remote: REMOTE_RESIZED }, 'conflict', 'as-listed'],
  [
    'N5',
    'other size, deleted elsewhere and put again',
    { local: SAME, remote: REMOTE_RESIZED, feed: 'deleted' },
    'conflict',
    'as-listed',
  ],
  [
    'N6',
    'other size, superseded',
    { local: SAME, remote: REMOTE_RESIZED, feed: 'superseded' },
    'download',
    'as-listed',
  ],
  [
    'N6',
    'other bytes, superseded',
    { local: SAME, remote: AS_IN_BASE, feed: 'superseded', evidence: { equal: false } },
    'download',
    'as-listed',
  ],
  ['N7', 'same size, not compared', { local: SAME, remote: AS_IN_BASE }, 'compare', 'anything'],
  [
    'N7',
    'same size, superseded, not compared',
    { local: SAME, remote: AS_IN_BASE, feed: 'superseded' },
    'compare',
    'anything',
  ],
  ['N8', 'nowhere', {}, 'none', 'anything'],
  ['N8', 'nowhere, deleted here by name', { byName: true }, 'none', 'anything'],
  ['N9', 'only there, deleted here by name', { remote: AS_IN_BASE, byName: true }, 'delete-remote', 'as-listed'],
  [
    'N10',
    'only there, deleted before it came',
    { remote: AS_IN_BASE, feed: 'entry-deleted' },
    'delete-remote',
    'as-listed',
  ],
  ['N2', 'only here, deleted before it was sent', { local: SAME, feed: 'entry-deleted' }, 'delete-local', 'absent'],
];

const DOCUMENTED: Record<string, string[]> = {
  SINGLE: ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8', 'S9'],
  'MULTI with a base': ['M1', 'M2', 'M3', 'M4', 'M5', 'M6', 'M7', 'M8', 'M9', 'M10', 'M11', 'M12', 'M13', 'M14', 'MC'],
  'MULTI without a base': ['N1', 'N2', 'N3', 'N4', 'N5', 'N6', 'N7', 'N8', 'N9', 'N10'],
};

describe.each<[string, Mode, Partial<Sides>, Row[]]>([
  ['SINGLE', 'SINGLE', {}, SINGLE],
  ['MULTI with a base', 'MULTI', { base: BASE }, MULTI_WITH_BASE],
  ['MULTI without a base', 'MULTI', {}, MULTI_WITHOUT_BASE],
])('decide, %s', (table, mode, given, rows) => {
  it.each(rows)('row %s: %s', (row, _, sides, action, expectation) => {
    expect(decided(mode, { ...given, ...sides })).toEqual({ row, action, expect: expectation });
  });

  it('has a test for every row of the table', () => {
    expect([...new Set(rows.map(([row]) => row))].sort()).toEqual([...(DOCUMENTED[table] ?? [])].sort());
  });
});

describe('decide, whatever the sides', () => {
  const local = fc.record({
    size: fc.constantFrom(10, 11),
    mtimeNs: fc.constantFrom(1_000n, 1_001n),
    ctimeNs: fc.constantFrom(2_000n, 2_001n),
    inode: fc.constantFrom(3n, 4n),
  });
  const remote = fc.record({ size: fc.constantFrom(10, 11), etag: fc.constantFrom(BASE.etag, 'other-etag') });
  const base = fc.record({
    fingerprint: local,
    etag: fc.constantFrom(BASE.etag, 'older-etag'),
    md5: fc.constant(BASE.md5),
    racy: fc.boolean(),
  });
  const evidence = fc.record({ equal: fc.boolean(), localIsBase: fc.boolean() }, { requiredKeys: [] });
  const sides: fc.Arbitrary<Sides> = fc.record({
    local: fc.option(local, { nil: undefined }),
    remote: fc.option(remote, { nil: undefined }),
    base: fc.option(base, { nil: undefined }),
    evidence: fc.option(evidence, { nil: undefined }),
    feed: fc.constantFrom(undefined, 'deleted', 'entry-deleted', 'superseded', 'other-deleted'),
  });
  const mode = fc.constantFrom<Mode>('SINGLE', 'MULTI');
  const runs = { numRuns: 5_000 };

  function untouchedHere(one: Sides): boolean {
    const before = one.base;
    if (!one.local || !before) return false;
    const { size, mtimeNs, ctimeNs, inode } = before.fingerprint;
    const sameTimes = one.local.mtimeNs === mtimeNs && one.local.ctimeNs === ctimeNs;
    const trusted = !before.racy && one.local.size === size && sameTimes && one.local.inode === inode;
    return trusted || one.evidence?.localIsBase === true;
  }

  function untouchedThere(one: Sides): boolean {
    return one.remote?.etag === one.base?.etag && one.remote?.size === one.base?.fingerprint.size;
  }

  it('SINGLE never changes what is local, and knows no conflict', () => {
    fc.assert(
      fc.property(sides, (one) => {
        expect(['delete-local', 'download', 'conflict']).not.toContain(decide('SINGLE', one).action);
      }),
      runs,
    );
  });

  it('SINGLE deletes in the bucket exactly what is not local', () => {
    fc.assert(
      fc.property(sides, (one) => {
        expect(decide('SINGLE', one).action === 'delete-remote').toBe(!one.local && one.remote !== undefined);
      }),
      runs,
    );
  });

  it('SINGLE leaves a file unread only where both sides are as in a base that can be trusted', () => {
    fc.assert(
      fc.property(sides, (given) => {
        const one = { ...given, evidence: undefined };
        if (!one.local || decide('SINGLE', one).action !== 'none') return;
        expect(untouchedHere(one) && untouchedThere(one)).toBe(true);
      }),
      runs,
    );
  });

  it('SINGLE does the same without a base, once the contents were compared', () => {
    fc.assert(
      fc.property(sides, fc.boolean(), (one, equal) => {
        const kept = decide('SINGLE', { ...one, evidence: { equal } });
        if (kept.row === 'S2' || kept.row === 'S8') return;
        expect(decide('SINGLE', { ...one, base: undefined, evidence: { equal } })).toEqual(kept);
      }),
      runs,
    );
  });

  it('MULTI deletes on one side only what is gone from the other and here as in base', () => {
    fc.assert(
      fc.property(sides, (given) => {
        const one = { ...given, feed: undefined };
        const { action, expect: expectation } = decide('MULTI', one);
        if (action === 'delete-local') {
          expect(one.remote).toBeUndefined();
          expect(untouchedHere(one)).toBe(true);
          expect(expectation).toBe('absent');
        }
        if (action === 'delete-remote') {
          expect(one.local).toBeUndefined();
          expect(one.base && untouchedThere(one)).toBe(true);
          expect(expectation).toBe('as-in-base');
        }
      }),
      runs,
    );
  });

  it('MULTI deletes nothing that base does not know, unless the feed says that it was deleted', () => {
    fc.assert(
      fc.property(sides, (given) => {
        const one = { ...given, base: undefined };
        const { action } = decide('MULTI', one);
        if (action === 'delete-remote') {
          expect(one.local).toBeUndefined();
          expect(one.feed).toBe('entry-deleted');
        }
        if (action !== 'delete-local') return;
        expect(one.remote).toBeUndefined();
        expect(['deleted', 'entry-deleted', 'superseded']).toContain(one.feed);
      }),
      runs,
    );
  });

  it('MULTI overwrites a changed local file only by way of a conflict, or where the feed calls it superseded', () => {
    fc.assert(
      fc.property(sides, (one) => {
        const { action } = decide('MULTI', one);
        if (action !== 'download' || !one.local) return;
        expect(untouchedHere(one) || (!one.base && one.feed === 'superseded')).toBe(true);
      }),
      runs,
    );
  });

  it('MULTI writes to the bucket only over what it says it expects', () => {
    fc.assert(
      fc.property(sides, (one) => {
        const { action, expect: expectation } = decide('MULTI', one);
        if (action !== 'upload' && action !== 'delete-remote') return;
        if (action === 'delete-remote' && !one.base) {
          expect([one.feed, expectation]).toEqual(['entry-deleted', 'as-listed']);
          return;
        }
        expect(expectation).toBe(one.remote ? 'as-in-base' : 'absent');
        if (one.remote) expect(untouchedThere(one)).toBe(true);
      }),
      runs,
    );
  });

  it('never drops a base while a side is there, and never keeps one when both are gone', () => {
    fc.assert(
      fc.property(mode, sides, (anyMode, one) => {
        const isGone = !one.local && !one.remote && one.base !== undefined;
        expect(decide(anyMode, one).action === 'drop-base').toBe(isGone);
      }),
      runs,
    );
  });

  it('adopts only where both sides are there', () => {
    fc.assert(
      fc.property(mode, sides, (anyMode, one) => {
        if (decide(anyMode, one).action === 'adopt') expect(Boolean(one.local && one.remote)).toBe(true);
      }),
      runs,
    );
  });

  it('asks for a comparison only where there is a file to read, and never again after it', () => {
    fc.assert(
      fc.property(mode, sides, fc.boolean(), fc.boolean(), (anyMode, one, equal, localIsBase) => {
        if (decide(anyMode, one).action === 'compare') expect(one.local).toBeDefined();
        expect(decide(anyMode, { ...one, evidence: { equal, localIsBase } }).action).not.toBe('compare');
      }),
      runs,
    );
  });

  it('gives only rows that the tables name', () => {
    const named = Object.values(DOCUMENTED).flat();
    fc.assert(
      fc.property(mode, sides, (anyMode, one) => {
        expect(named).toContain(decide(anyMode, one).row);
      }),
      runs,
    );
  });
});
