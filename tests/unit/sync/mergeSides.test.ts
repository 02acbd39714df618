import fc from 'fast-check';
import type { BaseEntry } from '../../../server/src/sync/base/Base';
import type { RemoteObject } from '../../../server/src/sync/bucket/Bucket';
import { compareKeys } from '../../../server/src/sync/compareKeys';
import type { LocalEntry, LocalUnknown } from '../../../server/src/sync/local/Local';
import { mergeSides, type KeySides, type Merged, type SortedSides } from '../../../server/src/sync/mergeSides';
import { SyncError } from '../../../server/src/sync/SyncError';
import { baseEntry, fingerprint, remoteObject } from './support/entries';

type BaseRow = { key: string; entry: BaseEntry };

function file(key: string): LocalEntry {
  return { kind: 'file', key, fingerprint: fingerprint() };
}

function unknown(key: string, scope: LocalUnknown['scope']): LocalEntry {
  return { kind: 'unknown', key, scope, failure: new SyncError('LOCAL_UNREADABLE', { message: key, fix: '', key }) };
}

function entryRow(key: string): BaseRow {
  return { key, entry: baseEntry() };
}

async function* stream<T>(batches: readonly (readonly T[])[]): AsyncIterable<T[]> {
  for (const batch of batches) yield [...batch];
}

function sidesOf(local: LocalEntry[], remote: RemoteObject[], base: BaseRow[]): SortedSides {
  return { local: stream([local]), remote: stream([remote]), base: stream([base]) };
}

async function merge(sides: SortedSides): Promise<Merged[]> {
  const merged: Merged[] = [];
  for await (const batch of mergeSides(sides)) merged.push(...batch);
  return merged;
}

/** One line a key: what it was found in. */
function lines(merged: readonly Merged[]): string[] {
  return merged.map((item) => {
    if (item.kind === 'problem') return `! ${item.problem.scope} ${item.problem.key}`;
    const { key, local, remote, base, unknown: isUnknown } = item;
    return `${key}: ${[local && 'local', remote && 'remote', base && 'base', isUnknown && 'unknown'].filter(Boolean).join(' ')}`;
  });
}

describe('mergeSides', () => {
  it('gives nothing of nothing', async () => {
    expect(await merge(sidesOf([], [], []))).toEqual([]);
  });

  it('takes the bucket to be as base says where nobody lists it', async () => {
    const entry = baseEntry({ etag: 'etag-of-base' });
    const sides: SortedSides = {
      local: stream([[file('a'), file('new')]]),
      remote: 'as-base',
      base: stream([
        [
          { key: 'a', entry },
          { key: 'gone', entry },
        ],
      ]),
    };
    const merged = await merge(sides);
    expect(lines(merged)).toEqual(['a: local remote base', 'gone: remote base', 'new: local']);
    expect(merged[0]).toMatchObject({ remote: { key: 'a', etag: 'etag-of-base', size: entry.fingerprint.size } });
  });

  it('hands on many keys of one side in batches, each key once and in order', async () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => String(index).padStart(4, '0'));
    const sizes: number[] = [];
    const seen: string[] = [];
    for await (const batch of mergeSides(sidesOf(keys.map(file), [], []))) {
      sizes.push(batch.length);
      seen.push(...batch.flatMap((item) => (item.kind === 'key' ? [item.key] : [])));
    }
    expect(seen).toEqual(keys);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
  });

  it('joins what the three sides know of a key, in the order of UTF-8 bytes', async () => {
    const merged = await merge(
      sidesOf(
        [file('a'), file('a-b'), file('a.txt'), file('a/x'), file('\u{ffff}'), file('\u{1f600}')],
        [remoteObject('a'), remoteObject('a/x'), remoteObject('b'), remoteObject('\u{1f600}')],
        [entryRow('a'), entryRow('b'), entryRow('c')],
      ),
    );
    expect(lines(merged)).toEqual([
      'a: local remote base',
      'a-b: local',
      'a.txt: local',
      'a/x: local remote',
      'b: remote base',
      'c: base',
      '\u{ffff}: local',
      '\u{1f600}: local remote',
    ]);
  });

  it('hands the sides over as they came', async () => {
    const remote = remoteObject('a', { etag: 'x', size: 3 });
    const base = baseEntry({ etag: 'y' });
    const [item] = await merge(sidesOf([file('a')], [remote], [{ key: 'a', entry: base }]));
    expect(item).toEqual({ kind: 'key', key: 'a', local: fingerprint(), remote, base, unknown: false });
  });

  it('reports a key that could not be looked at, and concludes nothing of its local side', async () => {
    const merged = await merge(
      sidesOf([unknown('a', 'key'), file('b')], [remoteObject('a'), remoteObject('b')], [entryRow('a')]),
    );
    expect(lines(merged)).toEqual(['! key a', 'a: remote base unknown', 'b: local remote']);
  });

  it('reports an unknown key that no other side has', async () => {
    expect(lines(await merge(sidesOf([unknown('a', 'key')], [], [])))).toEqual(['! key a', 'a: unknown']);
  });

  it('concludes nothing of keys below a folder that could not be looked at, and nothing more', async () => {
    const merged = await merge(
      sidesOf(
        [file('a'), unknown('a', 'folder'), file('b')],
        ['a', 'a-b', 'a.txt', 'a/x', 'a/y/z', 'a0', 'b'].map((key) => remoteObject(key)),
        ['a/w', 'ab'].map(entryRow),
      ),
    );
    expect(lines(merged)).toEqual([
      'a: local remote',
      'a-b: remote',
      'a.txt: remote',
      '! folder a',
      'a/w: base unknown',
      'a/x: remote unknown',
      'a/y/z: remote unknown',
      'a0: remote',
      'ab: base',
      'b: local remote',
    ]);
  });

  it('covers an object that stands where the folder itself does', async () => {
    const merged = await merge(sidesOf([unknown('a', 'folder')], [remoteObject('a/')], []));
    expect(lines(merged)).toEqual(['! folder a', 'a/: remote unknown']);
  });

  it('keeps several unknown folders apart', async () => {
    const merged = await merge(
      sidesOf(
        [unknown('a', 'folder'), unknown('b', 'folder'), unknown('c/d', 'folder')],
        ['a/1', 'b/1', 'c/1', 'c/d/1', 'd/1'].map((key) => remoteObject(key)),
        [],
      ),
    );
    expect(lines(merged)).toEqual([
      '! folder a',
      'a/1: remote unknown',
      '! folder b',
      'b/1: remote unknown',
      'c/1: remote',
      '! folder c/d',
      'c/d/1: remote unknown',
      'd/1: remote',
    ]);
  });

  it('takes a link, which may be a file or a folder, for both, and reports it once', async () => {
    const merged = await merge(
      sidesOf(
        [unknown('a', 'key-and-folder')],
        ['a', 'a-b', 'a/x', 'a0'].map((key) => remoteObject(key)),
        [],
      ),
    );
    expect(lines(merged)).toEqual([
      '! key-and-folder a',
      'a: remote unknown',
      'a-b: remote',
      'a/x: remote unknown',
      'a0: remote',
    ]);
  });

  it('reports names that are no key, and leaves a key of the same look alone', async () => {
    const merged = await merge(
      sidesOf([unknown('a\ufffd', 'name'), unknown('a\ufffd', 'name'), file('a\ufffd')], [remoteObject('a\ufffd')], []),
    );
    expect(lines(merged)).toEqual(['! name a\ufffd', '! name a\ufffd', 'a\ufffd: local remote']);
  });

  it('does not take a name that is no key for the file of that look', async () => {
    const merged = await merge(sidesOf([unknown('a\ufffd', 'name')], [remoteObject('a\ufffd')], []));
    expect(lines(merged)).toEqual(['! name a\ufffd', 'a\ufffd: remote']);
  });

  describe('whatever the sides and their batches', () => {
    const name = fc.constantFrom('a', 'b', 'a-b', 'a.b', 'ab', '\u{ffff}', '\u{1f600}', 'é');
    const key = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const keys = fc.uniqueArray(key, { maxLength: 25 }).map((all) => all.sort(compareKeys));
    const kind = fc.constantFrom('file', 'file', 'file', 'key', 'folder', 'key-and-folder', 'name');
    const kinds = fc.array(kind, { minLength: 25, maxLength: 25 });
    /** Sizes of batches, used in turn; some are empty. */
    const cuts = fc.array(fc.nat({ max: 4 }), { minLength: 1 }).filter((sizes) => sizes.some((size) => size > 0));

    async function* cut<T>(items: readonly T[], sizes: readonly number[]): AsyncIterable<T[]> {
      let at = 0;
      for (let batch = 0; at < items.length; batch += 1) {
        const size = sizes[batch % sizes.length] ?? 1;
        yield items.slice(at, at + size);
        at += size;
      }
    }

    /** The same, with everything in memory and without a thought of speed. */
    function naive(local: LocalEntry[], remote: string[], base: string[]): Merged[] {
      const files = new Set(local.filter(({ kind: one }) => one === 'file').map((entry) => entry.key));
      const unknowns = local.filter((entry) => entry.kind === 'unknown');
      const unknownKeys = new Set(unknowns.filter(({ scope }) => scope.startsWith('key')).map((entry) => entry.key));
      const folders = unknowns.filter(({ scope }) => scope.endsWith('folder')).map((entry) => `${entry.key}/`);
      const all = [...new Set([...files, ...unknownKeys, ...remote, ...base])];
      const joined = all.map((one): KeySides => ({
        kind: 'key',
        key: one,
        local: files.has(one) ? fingerprint() : undefined,
        remote: remote.includes(one) ? remoteObject(one) : undefined,
        base: base.includes(one) ? baseEntry() : undefined,
        unknown: unknownKeys.has(one) || folders.some((folder) => one.startsWith(folder)),
      }));
      const problems = unknowns.map((problem): Merged => ({ kind: 'problem', problem }));
      return [...problems, ...joined].sort((a, b) => compareKeys(placeOf(a), placeOf(b)));
    }

    function placeOf(item: Merged): string {
      if (item.kind === 'key') return item.key;
      return item.problem.scope === 'folder' ? `${item.problem.key}/` : item.problem.key;
    }

    it('gives what a merge in memory gives', async () => {
      const side = fc.tuple(keys, cuts);
      await fc.assert(
        fc.asyncProperty(side, kinds, side, side, async (here, kindOf, there, before) => {
          const local = here[0]
            .map((one, index) => {
              const chosen = kindOf[index] ?? 'file';
              return chosen === 'file' ? file(one) : unknown(one, chosen);
            })
            // A walk never goes below a folder that it could not enter.
            .filter((entry, _, all) => {
              return !all.some((other) => hidesFolder(other) && entry.key.startsWith(`${other.key}/`));
            })
            .sort((a, b) => compareKeys(placeOfEntry(a), placeOfEntry(b)));
          const merged = await merge({
            local: cut(local, here[1]),
            remote: cut(
              there[0].map((one) => remoteObject(one)),
              there[1],
            ),
            base: cut(before[0].map(entryRow), before[1]),
          });
          expect(merged).toEqual(naive(local, there[0], before[0]));
        }),
        { numRuns: 1_000 },
      );
    });

    function hidesFolder(entry: LocalEntry): boolean {
      return entry.kind === 'unknown' && entry.scope.endsWith('folder');
    }

    function placeOfEntry(entry: LocalEntry): string {
      return entry.kind === 'unknown' && entry.scope === 'folder' ? `${entry.key}/` : entry.key;
    }
  });

  describe('when a side fails', () => {
    /** A side that gives one batch, then fails or goes on, and notes that it was closed. */
    function side<T>(name: string, closed: string[], batches: readonly T[][], failure?: Error): AsyncIterable<T[]> {
      return (async function* generate() {
        try {
          for (const batch of batches) yield batch;
          if (failure) throw failure;
        } finally {
          closed.push(name);
        }
      })();
    }

    it.each(['local', 'remote', 'base'])('throws the error of %s as it is, and closes all sides', async (failing) => {
      const closed: string[] = [];
      const failure = new SyncError('LISTING_INCOMPLETE', { message: 'cut off', fix: '' });
      const failureOf = (name: string) => (name === failing ? failure : undefined);
      const sides: SortedSides = {
        local: side('local', closed, [[file('a')], [file('c')]], failureOf('local')),
        remote: side('remote', closed, [[remoteObject('a')], [remoteObject('c')]], failureOf('remote')),
        base: side('base', closed, [[entryRow('a')], [entryRow('c')]], failureOf('base')),
      };
      await expect(merge(sides)).rejects.toBe(failure);
      expect(closed.sort()).toEqual(['base', 'local', 'remote']);
    });

    it('hands on what came before the error', async () => {
      const failure = new SyncError('LISTING_INCOMPLETE', { message: 'cut off', fix: '' });
      const seen: string[] = [];
      const sides: SortedSides = {
        local: stream([[file('a'), file('b'), file('c')]]),
        remote: side('remote', [], [[remoteObject('a'), remoteObject('b')]], failure),
        base: stream([]),
      };
      const reading = async (): Promise<void> => {
        for await (const batch of mergeSides(sides)) seen.push(...lines(batch));
      };
      await expect(reading()).rejects.toBe(failure);
      expect(seen).toEqual(['a: local remote', 'b: local remote']);
    });

    it('never takes the end of a failed listing for the end of the bucket', async () => {
      const seen: string[] = [];
      const failure = new SyncError('LISTING_INCOMPLETE', { message: 'cut off', fix: '' });
      const sides: SortedSides = {
        local: stream([[file('a'), file('b'), file('c')]]),
        remote: side('remote', [], [[remoteObject('a')]], failure),
        base: stream([[entryRow('b')]]),
      };
      const reading = async (): Promise<void> => {
        for await (const batch of mergeSides(sides))
          for (const item of batch) if (item.kind === 'key') seen.push(item.key);
      };
      await expect(reading()).rejects.toBe(failure);
      expect(seen).not.toContain('b');
    });

    it('closes all sides when its reader stops', async () => {
      const closed: string[] = [];
      const sides: SortedSides = {
        local: side('local', closed, [[file('a')], [file('b')], [file('c')]]),
        remote: side('remote', closed, [[remoteObject('a')], [remoteObject('b')], [remoteObject('c')]]),
        base: side('base', closed, [[entryRow('a')], [entryRow('b')], [entryRow('c')]]),
      };
      for await (const batch of mergeSides(sides)) if (batch.length > 0) break;
      expect(closed.sort()).toEqual(['base', 'local', 'remote']);
    });

    it('throws when all sides fail at once, and leaves no rejection behind', async () => {
      const failure = new Error('disk gone');
      const sides: SortedSides = {
        local: side('local', [], [], failure),
        remote: side('remote', [], [], failure),
        base: side('base', [], [], failure),
      };
      await expect(merge(sides)).rejects.toBe(failure);
      await new Promise((done) => setImmediate(done));
    });
  });
});
