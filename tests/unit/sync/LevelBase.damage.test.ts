import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import type { Base } from '../../../server/src/sync/base/Base';
import { openBase, type BaseOptions } from '../../../server/src/sync/base/LevelBase';
import { SyncError } from '../../../server/src/sync/SyncError';
import { baseEntry } from './support/entries';
import { collect } from './support/collect';
import { errorOf } from './support/errorOf';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const KEYS = Array.from({ length: 3_000 }, (_, index) => `uploads/${String(index).padStart(6, '0')}.jpg`);

/** Files of a Level store, by what they are for. */
type Part = 'CURRENT' | 'MANIFEST' | 'log' | 'ldb';

function isPart(name: string, part: Part): boolean {
  return name === part || name.startsWith(`${part}-`) || name.endsWith(`.${part}`);
}

/** What can happen to a file when a machine loses power, a disk fails or a person tidies up. */
const DAMAGES: Record<string, (bytes: Buffer) => Buffer | undefined> = {
  'cut in half': (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2)),
  'cut by one byte': (bytes) => bytes.subarray(0, Math.max(0, bytes.length - 1)),
  emptied: () => Buffer.alloc(0),
  'filled with zeros': (bytes) => Buffer.alloc(bytes.length),
  'filled with garbage': (bytes) => Buffer.alloc(Math.max(bytes.length, 100), 'garbage\n'),
  deleted: () => undefined,
};

describe('A damaged base', () => {
  let options: BaseOptions;
  let location: string;

  beforeEach(async () => {
    const identity = { bucketName: 'b', endpoint: '', prefix: '' };
    options = { stateDirectory: await temporaryDirectory(), identity, filter: { include: ['**'], exclude: [] } };
    const base = await openBase(options);
    await base.settle(KEYS.map((key) => ({ key, entry: baseEntry() })));
    await base.setFacts({ trustedModes: ['SINGLE'], reconciled: true, deletes: [] });
    await base.close();
    const [name = ''] = await readdir(options.stateDirectory);
    location = join(options.stateDirectory, name);
    // Moves what is in the log to a table; the log then gets a few entries of its own.
    const level = new ClassicLevel(location);
    await level.open();
    await level.compactRange(' ', '~');
    await level.close();
    const again = await openBase(options);
    await again.settle([{ key: 'in-the-log', entry: baseEntry() }]);
    await again.begin(['begun'], { action: 'upload', at: 1 });
    await again.close();
  });

  /** Everything a run reads. */
  async function readAll(base: Base): Promise<number> {
    await base.facts();
    await base.unsettled();
    await base.get(KEYS[5] ?? '');
    await collect(base.plannedDeletes());
    return (await collect(base.entries())).length;
  }

  /** Opens and reads as a run does. @returns how many entries there are, or what the run ends with. */
  async function run(): Promise<number | SyncError> {
    let base: Base | undefined;
    try {
      base = await openBase(options);
      const entries = await readAll(base);
      await base.settle([{ key: 'new', entry: baseEntry() }]);
      return entries;
    } catch (error) {
      if (error instanceof SyncError) return error;
      throw error;
    } finally {
      await base?.close();
    }
  }

  const cases = (['CURRENT', 'MANIFEST', 'log', 'ldb'] as const).flatMap((part) =>
    Object.keys(DAMAGES).map((damage): [Part, string] => [part, damage]),
  );

  it.each(cases)('whose %s was %s works again, at the latest in the run after the next', async (part, damage) => {
    const names = (await readdir(location)).filter((name) => isPart(name, part));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const bytes = DAMAGES[damage]?.(await readFile(join(location, name)));
      if (bytes) await writeFile(join(location, name), bytes);
      else await rm(join(location, name));
    }
    const first = await run();
    if (first instanceof SyncError) expect(first.code).toBe('BASE_DAMAGED');
    const second = await run();
    expect(second).not.toBeInstanceOf(SyncError);
    expect(await run()).toBe(typeof first === 'number' ? second : 1);
  });

  it('is set aside, not deleted', async () => {
    const names = (await readdir(location)).filter((name) => isPart(name, 'MANIFEST'));
    for (const name of names) await writeFile(join(location, name), 'garbage');
    const base = await openBase(options);
    expect(await collect(base.entries())).toEqual([]);
    expect(await base.facts()).toMatchObject({ trustedModes: [], reconciled: false });
    await base.close();
    const kept = (await readdir(options.stateDirectory)).find((name) => name.includes('.damaged-'));
    expect(await readdir(join(options.stateDirectory, kept ?? 'none'))).toEqual(expect.arrayContaining(names));
  });

  it.each([
    ['an entry', `e!${KEYS[3] ?? ''}`],
    ['the facts', 'm!facts'],
    ['a planned delete', 'd!a'],
  ])('with %s that nobody can read says so, and is set aside for the next run', async (_, key) => {
    for (const value of ['', 'garbage', '{"trustedModes": 5}', '1 2 3', '\0']) {
      const level = new ClassicLevel(location);
      await level.put(key, value);
      await level.close();
      expect(await run()).toMatchObject({ code: 'BASE_DAMAGED' });
      expect(await run()).toBe(0);
    }
  });

  it('is set aside where something else stands in its place', async () => {
    await rm(location, { recursive: true });
    await writeFile(location, 'a file');
    expect(await run()).toBe(0);
    expect(await run()).toBe(1);
  });

  it('that was closed is not set aside, whatever is asked of it afterwards', async () => {
    const base = await openBase(options);
    await base.close();
    expect((await errorOf(base.get('a'))).code).toBe('BASE_DAMAGED');
    await base.close();
    expect(await run()).toBe(KEYS.length + 1);
  });

  it('never throws anything but a SyncError, and works again, whatever bytes were overwritten', async () => {
    const original = new Map<string, Buffer>();
    for (const name of await readdir(location)) original.set(name, await readFile(join(location, name)));
    const names = [...original.keys()].filter((name) => /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb))$/.test(name));
    const damage = fc.record({
      name: fc.constantFrom(...names),
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        await rm(options.stateDirectory, { recursive: true });
        const fresh = await temporaryDirectory();
        options = { ...options, stateDirectory: fresh };
        const base = await openBase(options);
        await base.close();
        location = join(fresh, (await readdir(fresh))[0] ?? '');
        for (const name of await readdir(location)) await rm(join(location, name));
        for (const [name, bytes] of original) {
          const changed = Buffer.from(bytes);
          for (const one of damages.filter((any) => any.name === name)) {
            Buffer.from(one.bytes).copy(changed, Math.floor(one.at * changed.length));
          }
          await writeFile(join(location, name), changed);
        }
        const first = await run();
        if (first instanceof SyncError) expect(first.code).toBe('BASE_DAMAGED');
        expect(await run()).not.toBeInstanceOf(SyncError);
      }),
      { numRuns: 100 },
    );
  });
});
