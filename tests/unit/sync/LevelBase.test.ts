import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import type { Base, BaseEntry } from '../../../server/src/sync/base/Base';
import { openBase, type BaseOptions } from '../../../server/src/sync/base/LevelBase';
import type { RemoteObject } from '../../../server/src/sync/bucket/Bucket';
import { compareKeys } from '../../../server/src/sync/compareKeys';
import { baseEntry, fingerprint, remoteObject } from './support/entries';
import { collect } from './support/collect';
import { errorOf } from './support/errorOf';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();

describe('The base', () => {
  let options: BaseOptions;
  let opened: Base[] = [];

  beforeEach(async () => {
    const identity = { bucketName: 'b', endpoint: '', prefix: '' };
    options = { stateDirectory: await temporaryDirectory(), identity, filter: { include: ['**'], exclude: [] } };
  });

  afterEach(async () => {
    for (const base of opened.splice(0)) await base.close();
  });

  async function open(given: Partial<BaseOptions> = {}): Promise<Base> {
    const base = await openBase({ ...options, ...given });
    opened.push(base);
    return base;
  }

  async function reopen(base: Base): Promise<Base> {
    await base.close();
    opened = opened.filter((one) => one !== base);
    return open();
  }

  async function put(base: Base, keys: readonly string[]): Promise<void> {
    await base.settle(
      keys.map((key) => ({ key, entry: baseEntry({ etag: `etag of ${key.length}`.replaceAll(' ', '-') }) })),
    );
  }

  describe('writes', () => {
    afterEach(() => {
      jest.restoreAllMocks();
    });

    it('come together where they come shortly after one another, and each caller waits for its own', async () => {
      const base = await open();
      await put(base, ['first']);
      const now = performance.now();
      // The pause after the first one is as long as the test needs.
      jest.spyOn(performance, 'now').mockReturnValue(now - 200);
      const batches = jest.spyOn(ClassicLevel.prototype, 'batch');
      const second = put(base, ['second']);
      await nextTurn();
      const third = base.begin(['third'], { action: 'upload', at: 1 });
      await nextTurn();
      expect(batches).not.toHaveBeenCalled();
      await second;
      expect((await base.get('second')) && (await base.intent('third'))).toBeDefined();
      await third;
      expect(batches).toHaveBeenCalledTimes(1);
    });

    it('do not wait where none came before', async () => {
      const base = await open();
      await put(base, ['first']);
      const now = performance.now();
      jest.spyOn(performance, 'now').mockReturnValue(now + 4);
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'performance'] });
      await put(base, ['second']);
      jest.useRealTimers();
      expect(await base.get('second')).toBeDefined();
    });
  });

  describe('entries', () => {
    it('are none in a new base', async () => {
      const base = await open();
      expect(await base.get('a')).toBeUndefined();
      expect(await collect(base.entries())).toEqual([]);
    });

    it('come back as they were, whatever is in them', async () => {
      const base = await open();
      const time = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n });
      const entry: fc.Arbitrary<BaseEntry> = fc.record({
        fingerprint: fc.record({
          size: fc.maxSafeNat(),
          mtimeNs: time,
          ctimeNs: time,
          inode: fc.bigInt({ min: 0n, max: 2n ** 64n }),
        }),
        etag: fc.stringMatching(/^[\w+/=-]{1,40}$/),
        md5: fc.stringMatching(/^[0-9a-f]{32}$/),
        racy: fc.boolean(),
      });
      const key = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed());
      await fc.assert(
        fc.asyncProperty(key, entry, async (one, value) => {
          await base.settle([{ key: one, entry: value }]);
          expect(await base.get(one)).toEqual(value);
        }),
        { numRuns: 200 },
      );
    });

    it('come in the order of UTF-8 bytes, and survive a close', async () => {
      const keys = [
        'b',
        'a',
        'a/x',
        'a-b',
        'a.txt',
        '!',
        '"',
        '\u{1f600}',
        '\u{ffff}',
        'é',
        'e\u0301',
        'line\nfeed',
        ' ',
      ];
      const base = await open();
      await put(base, keys);
      const again = await reopen(base);
      const found = await collect(again.entries());
      expect(found.map(({ key }) => key)).toEqual([...keys].sort(compareKeys));
    });

    it('come whole where they are more than one batch', async () => {
      const keys = Array.from({ length: 2_500 }, (_, index) => String(index).padStart(5, '0'));
      const base = await open();
      await put(base, keys);
      const batches: number[] = [];
      for await (const batch of base.entries()) batches.push(batch.length);
      expect(batches.reduce((sum, one) => sum + one, 0)).toBe(2_500);
      expect(Math.max(...batches)).toBeLessThanOrEqual(1_000);
    });

    it('are told by their keys alone, in the same order, where they are more than one batch', async () => {
      const base = await open();
      const keys = Array.from({ length: 2_500 }, (_, index) => `uploads/${index}-\u{1f600}`);
      await base.settle(keys.map((key) => ({ key, entry: baseEntry() })));
      await base.begin(['uploads/begun'], { action: 'upload', at: 0 });
      expect(await collect(base.keys())).toEqual([...keys].sort(compareKeys));
    });

    it('are dropped by a result without an entry', async () => {
      const base = await open();
      await put(base, ['a', 'b']);
      await base.settle([{ key: 'a', entry: undefined }]);
      expect((await collect(base.entries())).map(({ key }) => key)).toEqual(['b']);
    });

    it('that many write at the same time are all there, the last result of a key counts', async () => {
      const base = await open();
      const keys = Array.from({ length: 200 }, (_, index) => `key-${index % 50}`);
      await Promise.all(
        keys.map(async (key, index) => {
          await base.begin([key], { action: 'upload', at: index });
          await base.settle([{ key, entry: baseEntry({ etag: `etag-${index}` }) }]);
        }),
      );
      for (let index = 150; index < 200; index += 1) {
        expect(await base.get(`key-${index % 50}`)).toMatchObject({ etag: `etag-${index}` });
      }
      expect(await base.unsettled()).toEqual(new Map());
    });

    it('are overwritten by the next result', async () => {
      const base = await open();
      await put(base, ['a']);
      await base.settle([{ key: 'a', entry: baseEntry({ etag: 'new' }) }]);
      expect((await base.get('a'))?.etag).toBe('new');
    });

    it('come as they were when the iteration began', async () => {
      const base = await open();
      await put(base, ['a', 'b', 'c']);
      const iterator = base.entries()[Symbol.asyncIterator]();
      const first = await iterator.next();
      await put(base, ['d']);
      expect(first.done ? [] : first.value.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
      expect((await iterator.next()).done).toBe(true);
    });
  });

  describe('intents', () => {
    const intent = { action: 'upload', at: 1 } as const;

    it('survive a close without a result', async () => {
      const base = await open();
      await put(base, ['a']);
      await base.begin(['a', 'b'], intent);
      const again = await reopen(base);
      expect([...(await again.unsettled()).keys()].sort()).toEqual(['a', 'b']);
      expect(await again.get('a')).toBeDefined();
    });

    it.each([
      ['an entry', baseEntry()],
      ['no entry', undefined],
    ])('are forgotten with a result of %s, and only that of its key', async (_, entry) => {
      const base = await open();
      await base.begin(['a', 'b'], intent);
      await base.settle([{ key: 'a', entry }]);
      expect([...(await base.unsettled()).keys()]).toEqual(['b']);
      const again = await reopen(base);
      expect([...(await again.unsettled()).keys()]).toEqual(['b']);
    });

    it('come back as they were', async () => {
      const base = await open();
      const told = {
        ...intent,
        put: { key: 'a', action: 'put', md5: 'one', previousMd5: 'two', byName: true },
      } as const;
      await base.begin(['a'], told);
      const again = await reopen(base);
      expect(await again.intent('a')).toEqual(told);
      expect(await again.unsettled()).toEqual(new Map([['a', told]]));
      expect(await again.intent('b')).toBeUndefined();
    });

    it('are no entries', async () => {
      const base = await open();
      await base.begin(['a'], intent);
      expect(await collect(base.entries())).toEqual([]);
    });

    it('of many keys are kept', async () => {
      const keys = Array.from({ length: 2_500 }, (_, index) => `key-${index}`);
      const base = await open();
      await base.begin(keys, intent);
      expect((await base.unsettled()).size).toBe(2_500);
    });
  });

  describe('facts', () => {
    it('of a new base trust nothing', async () => {
      const base = await open();
      expect(await base.facts()).toEqual({ trustedModes: [], reconciled: false, deletes: [] });
    });

    it('survive a close', async () => {
      const facts = {
        trustedModes: ['SINGLE'],
        reconciled: true,
        deletes: [],
        ownerEtag: 'e',
        ownerText: '{"a": "ü"}',
      };
      const base = await open();
      await base.setFacts(facts);
      const again = await reopen(base);
      expect(await again.facts()).toEqual(facts);
    });
  });

  describe('planned deletes', () => {
    it('come back ascending, in batches of up to 1,000, and are no entries', async () => {
      const keys = Array.from({ length: 1_500 }, (_, index) => String(index).padStart(5, '0')).concat(
        '\u{ffff}',
        '\u{1f600}',
      );
      const base = await open();
      const deletes = keys.map((key) => ({ key, side: 'remote' as const, size: key.length }));
      await base.planDeletes(deletes.slice(0, 1_000));
      await base.planDeletes(deletes.slice(1_000));
      const batches: number[] = [];
      for await (const batch of base.plannedDeletes()) batches.push(batch.length);
      expect(await collect(base.plannedDeletes())).toEqual(deletes);
      expect(Math.max(...batches)).toBeLessThanOrEqual(1_000);
      expect(await collect(base.entries())).toEqual([]);
    });

    it('come back ascending in whatever order they were planned', async () => {
      const base = await open();
      for (const key of ['c', 'a', 'b']) await base.planDeletes([{ key, side: 'remote', size: 0 }]);
      expect((await collect(base.plannedDeletes())).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    });

    it('are gone when they were cleared, and nothing else is', async () => {
      const base = await open();
      await put(base, ['a']);
      await base.begin(['b'], { action: 'upload', at: 1 });
      await base.planDeletes([{ key: 'a', side: 'remote', size: 0 }]);
      await base.clearPlannedDeletes();
      expect(await collect(base.plannedDeletes())).toEqual([]);
      expect(await base.get('a')).toBeDefined();
      expect((await base.unsettled()).size).toBe(1);
    });
  });

  describe('a listing', () => {
    async function* pages(all: readonly (readonly RemoteObject[])[]): AsyncIterable<RemoteObject[]> {
      for (const page of all) yield [...page];
    }

    it('is sorted, of repeated keys the last one counts, and nothing stays behind', async () => {
      const base = await open();
      const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', '\u{ffff}', '\u{1f600}', 'é'), minLength: 1 });
      const object = fc
        .record({ key, size: fc.nat(), etag: fc.string(), lastModifiedMs: fc.maxSafeNat() })
        .map((one): RemoteObject => one);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(object, { maxLength: 6 }), { maxLength: 6 }), async (all) => {
          const last = new Map(all.flat().map((one) => [one.key, one]));
          const expected = [...last.values()].sort((a, b) => compareKeys(a.key, b.key));
          expect(await collect(base.sortListing(pages(all)))).toEqual(expected);
          expect(await collect(base.entries())).toEqual([]);
        }),
        { numRuns: 100 },
      );
    });

    it('of which the reading stopped does not mix with the next one', async () => {
      const base = await open();
      for await (const page of base.sortListing(pages([[remoteObject('old')]]))) if (page.length > 0) break;
      expect(await collect(base.sortListing(pages([[remoteObject('new')]])))).toEqual([remoteObject('new')]);
    });

    it('that fails half way fails, and gives nothing', async () => {
      const base = await open();
      async function* cut(): AsyncIterable<RemoteObject[]> {
        yield [remoteObject('a')];
        throw new Error('cut off');
      }
      const given: RemoteObject[] = [];
      const reading = async (): Promise<void> => {
        for await (const page of base.sortListing(cut())) given.push(...page);
      };
      await expect(reading()).rejects.toThrow('cut off');
      expect(given).toEqual([]);
    });
  });

  describe('of one directory', () => {
    it('is open once at a time', async () => {
      const base = await open();
      const error = await errorOf(openBase(options));
      expect(error.code).toBe('BASE_LOCKED');
      expect(error.message).toContain('Another process');
      await put(base, ['a']);
      const again = await reopen(base);
      expect(await again.get('a')).toBeDefined();
      expect(await readdir(options.stateDirectory)).toHaveLength(1);
    });

    it.each<[string, Partial<BaseOptions>]>([
      ['bucket', { identity: { bucketName: 'other', endpoint: '', prefix: '' } }],
      ['endpoint', { identity: { bucketName: 'b', endpoint: 'http://127.0.0.1:1', prefix: '' } }],
      ['prefix', { identity: { bucketName: 'b', endpoint: '', prefix: 'site/' } }],
      ['include', { filter: { include: ['uploads/**'], exclude: [] } }],
      ['exclude', { filter: { include: ['**'], exclude: ['a'] } }],
    ])('is another one with another %s, and both are kept', async (_, given) => {
      const base = await open();
      await put(base, ['a']);
      const other = await open(given);
      expect(await other.get('a')).toBeUndefined();
      await put(other, ['b']);
      expect(await base.get('b')).toBeUndefined();
      expect(await readdir(options.stateDirectory)).toHaveLength(2);
    });

    it('does not mix up names that differ only by where one setting ends', async () => {
      const one = await open({ identity: { bucketName: 'ab', endpoint: '', prefix: 'c/' } });
      await put(one, ['a']);
      const other = await open({ identity: { bucketName: 'a', endpoint: '', prefix: 'bc/' } });
      expect(await other.get('a')).toBeUndefined();
    });

    it('is kept where it was set aside last; older ones go', async () => {
      const path = (name: string): string => join(options.stateDirectory, name);
      const damage = async (): Promise<string> => {
        await (await open()).close();
        opened = [];
        const name = (await readdir(options.stateDirectory)).find((one) => !one.includes('.damaged-')) ?? '';
        const level = new ClassicLevel(path(name));
        await level.put('m!version', '999');
        await level.close();
        await (await open()).close();
        opened = [];
        const aside = (await readdir(options.stateDirectory)).filter((one) => one.includes('.damaged-'));
        expect(aside).toHaveLength(1);
        return aside[0] ?? '';
      };
      const first = await damage();
      expect(await damage()).not.toBe(first);
    });

    it('that another version wrote is set aside, not deleted', async () => {
      const base = await open();
      await put(base, ['a']);
      await base.close();
      opened = [];
      const [name = ''] = await readdir(options.stateDirectory);
      const level = new ClassicLevel(`${options.stateDirectory}/${name}`);
      await level.put('m!version', '999');
      await level.close();

      const fresh = await open();
      expect(await fresh.get('a')).toBeUndefined();
      expect(await fresh.facts()).toMatchObject({ trustedModes: [], reconciled: false });
      const names = await readdir(options.stateDirectory);
      expect(names.sort()).toEqual([name, expect.stringMatching(`^${name}\\.damaged-\\d+$`)]);
      const again = await reopen(fresh);
      expect(await readdir(options.stateDirectory)).toHaveLength(2);
      expect(again).toBeDefined();
    });
  });

  it('keeps what is unsettled, and every entry, when the traces of a large run are cleared away', async () => {
    const base = await open();
    const keys = Array.from({ length: 1_500 }, (_, index) => `uploads/${index}`);
    await base.begin(keys, { action: 'upload', at: 1 });
    await base.settle(keys.slice(1).map((key) => ({ key, entry: baseEntry() })));
    const again = await reopen(base);
    expect([...(await again.unsettled()).keys()]).toEqual(['uploads/0']);
    expect(await collect(again.keys())).toHaveLength(1_499);
  });

  describe('what was carried out of the feed key by key', () => {
    const gone = (key: string, heardUpTo: number) => ({ key, entry: undefined, heardUpTo });

    it('is known of each key, survives a close, and is no entry', async () => {
      const base = await open();
      await base.settle([gone('a', 7), gone('b', 9)]);
      const again = await reopen(base);
      expect(await again.heardUpTo('a')).toBe(7);
      expect(await again.heardUpTo('b')).toBe(9);
      expect(await again.heardUpTo('c')).toBeUndefined();
      expect(await collect(again.entries())).toEqual([]);
    });

    it('is forgotten once the directory has seen all rows up to there', async () => {
      const base = await open();
      await base.settle([gone('a', 7), gone('b', 9)]);
      await base.forgetHeard(8);
      expect(await base.heardUpTo('a')).toBeUndefined();
      expect(await base.heardUpTo('b')).toBe(9);
    });

    it('is forgotten with all else that is known', async () => {
      const base = await open();
      await base.settle([gone('a', 7)]);
      await base.forget({ trustedModes: [], reconciled: false, deletes: [] });
      expect(await base.heardUpTo('a')).toBeUndefined();
    });
  });

  it('keeps a fingerprint to the nanosecond', async () => {
    const exact = fingerprint({ mtimeNs: 1_722_222_222_123_456_789n, ctimeNs: 1_722_222_222_987_654_321n });
    const base = await open();
    await base.settle([{ key: 'a', entry: baseEntry({ fingerprint: exact }) }]);
    const again = await reopen(base);
    expect((await again.get('a'))?.fingerprint).toEqual(exact);
  });

  describe('what is forgotten', () => {
    const facts = { trustedModes: [], reconciled: false, deletes: [], replaced: true };

    it('are all entries and intents, and not what waits for the feed', async () => {
      const base = await open();
      const change = { key: 'a', action: 'put', md5: 'x', byName: false } as const;
      await put(base, ['a', 'b']);
      await base.begin(['c'], { action: 'upload', at: 1 });
      await base.settle([{ key: 'd', entry: baseEntry() }], change);
      await base.forget(facts);
      expect(await collect(base.entries())).toEqual([]);
      expect(await base.unsettled()).toEqual(new Map());
      expect(await base.facts()).toEqual(facts);
      expect((await base.outbox()).map((row) => row.change)).toEqual([change]);
    });

    it('is forgotten to the end when the process was killed in between', async () => {
      const base = await open();
      await put(base, ['a', 'b']);
      await base.close();
      opened = [];
      const [name = ''] = await readdir(options.stateDirectory);
      const level = new ClassicLevel(join(options.stateDirectory, name));
      await level.put('m!forgetting', '1');
      await level.close();
      expect(await collect((await open()).entries())).toEqual([]);
    });
  });
});
