import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mode } from '../../../server/src/sync/decide';
import { Trash } from '../../../server/src/sync/local/Trash';
import type { EngineEnd, EngineProcess, EngineRun } from '../../support/EngineProcess';
import { MemoryFeed } from '../../support/MemoryFeed';
import type { startInProjectStore } from '../../support/stores';
import { SyncedDirectory, type RunResult } from '../../support/SyncedDirectory';
import { withClockOffset } from '../../support/withClockOffset';

const MIB = 1024 * 1024;
const HOUR = 3_600_000;
const LARGE = Buffer.alloc(9 * MIB, 'large ');

type InProjectStore = Awaited<ReturnType<typeof startInProjectStore>>;

/** What both servers and the bucket must hold in the end; the large file apart. */
const EXPECTED: Record<Mode, Record<string, string>> = {
  MULTI: {
    'same-1.txt': 'same',
    'same-2.txt': 'same',
    'same-3.txt': 'same',
    'folder/same-4.txt': 'same',
    'changed-a.txt': 'changed by a',
    'changed-b.txt': 'changed by b',
    'both-a.txt': 'of both: a is newer',
    'both-b.txt': 'of both: b is newer',
    'new-a.txt': 'new of a',
    'folder/new-b.txt': 'new of b',
  },
  SINGLE: {
    'same-1.txt': 'same',
    'same-2.txt': 'same',
    'same-3.txt': 'same',
    'folder/same-4.txt': 'same',
    'changed-a.txt': 'changed by a',
    'changed-b.txt': 'first',
    'both-a.txt': 'of both: a is newer',
    'both-b.txt': 'of both: b is newer, says a',
    'deleted-b.txt': 'first of deleted-b',
    'new-a.txt': 'new of a',
  },
};

/** What servers overwrote or deleted on their disks, or took out of the bucket in a conflict: none of it may be gone. */
const TRASHED = ['first', 'first of deleted-b', 'of both: b is newer, says a', 'of both: a is newer, says b'];

/**
 * Two servers in MULTI mode, or one in SINGLE mode, at a moment when a run of `a` has everything to do: upload, also in
 * parts, download, replace and delete on both sides, and a conflict that each side wins.
 */
export class CrashWorld {
  private constructor(
    private readonly mode: Mode,
    private readonly store: InProjectStore,
    private readonly feed: MemoryFeed,
    private readonly a: SyncedDirectory,
    private readonly b: SyncedDirectory,
  ) {}

  static async create(store: InProjectStore, mode: Mode): Promise<CrashWorld> {
    const a = await SyncedDirectory.create(store, { pageSize: 5 });
    const b = await SyncedDirectory.create(store, { pageSize: 5, bucketName: a.bucketName });
    const world = new CrashWorld(mode, store, new MemoryFeed(), a, b);
    for (const name of ['same-1', 'same-2', 'same-3', 'folder/same-4']) await a.write(`uploads/${name}.txt`, 'same');
    for (const name of ['changed-a', 'changed-b', 'both-a', 'both-b']) await a.write(`uploads/${name}.txt`, 'first');
    for (const name of ['deleted-a', 'deleted-b']) await a.write(`uploads/${name}.txt`, `first of ${name}`);
    await world.#run(a);
    if (mode === 'MULTI') await world.#changeB();
    await a.write('uploads/changed-a.txt', 'changed by a');
    await a.write('uploads/both-a.txt', 'of both: a is newer');
    await a.write('uploads/both-b.txt', 'of both: b is newer, says a');
    await a.write('uploads/new-a.txt', 'new of a');
    await a.write('uploads/large.bin', LARGE);
    await setAge(a, 'uploads/both-a.txt', 100);
    await setAge(a, 'uploads/both-b.txt', 300);
    await a.remove('uploads/deleted-a.txt');
    return world;
  }

  /** A run of `a` in a process that is killed at some moment, or not at all. */
  async runKilled(
    engine: EngineProcess,
    kill: Pick<EngineRun, 'killAt' | 'killAfterSending'> = {},
  ): Promise<EngineEnd> {
    const { mode, feed } = this;
    return engine.sync({ wish: this.a.wish(), mode, feed, ...kill });
  }

  /** Keys of the large uploads that the bucket holds unfinished. */
  unfinishedUploads(): string[] {
    return this.store.server.listUploads(this.a.bucketName);
  }

  /** Starts again and syncs. Then everything must be as if the run had never been killed. */
  async expectAsIfNeverKilled(): Promise<void> {
    const sites = this.mode === 'MULTI' ? [this.a, this.b] : [this.a];
    for (const site of [...sites, ...sites]) {
      const { status, failures, error } = await this.#run(site);
      expect({ status, error, failures: failures.filter(({ code }) => code !== 'CONFLICT') }).toEqual({
        status: 'done',
        error: undefined,
        failures: [],
      });
    }
    const expected = EXPECTED[this.mode];
    for (const site of sites) {
      expect(await contentsOf(site)).toEqual(expected);
      expect((await readdir(join(site.root, 'uploads', '.s3-sync'))).filter((name) => /damaged/.test(name))).toEqual(
        [],
      );
    }
    const keys = await this.a.keysInBucket();
    expect(keys.toSorted()).toEqual(
      [...Object.keys(expected), 'large.bin'].map((name) => `uploads/${name}`).toSorted(),
    );
    for (const [name, content] of Object.entries(expected)) {
      expect((await this.store.server.getObject(this.a.bucketName, `uploads/${name}`))?.toString()).toBe(content);
    }
    expect((await this.store.server.getObject(this.a.bucketName, 'uploads/large.bin'))?.equals(LARGE)).toBe(true);
    if (this.mode === 'MULTI') expect(await this.#trashed()).toEqual(expect.arrayContaining(TRASHED));
    for (const site of sites) {
      // A temporary file that is younger might be somebody's.
      const later = await withClockOffset(2 * HOUR, () => this.#run(site));
      expect(later).toMatchObject({ uploaded: 0, downloaded: 0, conflicts: 0 });
      const everything = await readdir(site.path('uploads'), { recursive: true });
      expect(everything.filter((name) => name.includes('s3-sync-tmp'))).toEqual([]);
    }
    expect(this.unfinishedUploads()).toEqual([]);
  }

  async dispose(): Promise<void> {
    const { server } = this.store;
    const { bucketName } = this.a;
    await Promise.all(server.listKeys(bucketName).map((key) => server.deleteObject(bucketName, key)));
    await Promise.all([this.a.dispose(), this.b.dispose()]);
  }

  async #changeB(): Promise<void> {
    const { b } = this;
    await this.#run(b);
    await b.write('uploads/changed-b.txt', 'changed by b');
    await b.write('uploads/both-a.txt', 'of both: a is newer, says b');
    await b.write('uploads/both-b.txt', 'of both: b is newer');
    await b.write('uploads/folder/new-b.txt', 'new of b');
    await setAge(b, 'uploads/both-a.txt', 200);
    await setAge(b, 'uploads/both-b.txt', 200);
    await b.remove('uploads/deleted-b.txt');
    await this.#run(b);
  }

  #run(site: SyncedDirectory): Promise<RunResult> {
    const multi = { multi: { feed: this.feed, trashDays: 7 } };
    return site.run({ mode: this.mode, ...(this.mode === 'MULTI' ? multi : {}) });
  }

  async #trashed(): Promise<string[]> {
    const texts: string[] = [];
    for (const site of [this.a, this.b]) {
      for (const { id } of await new Trash(site.path('uploads/.s3-sync')).list()) {
        texts.push(await site.read(join('uploads/.s3-sync/trash', id)));
      }
    }
    return texts;
  }
}

async function setAge(site: SyncedDirectory, key: string, seconds: number): Promise<void> {
  const time = Date.now() / 1000 - seconds;
  await utimes(site.path(key), time, time);
}

/** The files of a directory but the large one and those of the plugin. */
async function contentsOf(site: SyncedDirectory): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(site.path('uploads'), { recursive: true, withFileTypes: true })) {
    const key = join(entry.parentPath, entry.name).slice(site.path('uploads/').length);
    if (entry.isFile() && key !== 'large.bin' && !/(^|\/)\./.test(key)) found[key] = await site.read(`uploads/${key}`);
  }
  return found;
}
