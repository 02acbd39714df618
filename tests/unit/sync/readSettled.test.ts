import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fingerprint } from '../../../server/src/sync/Fingerprint';
import type { LocalEntry, OpenFile } from '../../../server/src/sync/local/Local';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { readSettled, type SettledFile } from '../../../server/src/sync/readSettled';
import { SyncError } from '../../../server/src/sync/SyncError';
import { fingerprint } from './support/entries';
import { errorOf } from './support/errorOf';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const HOUR_MS = 3_600_000;

/** The fingerprint of a file that was last touched so many milliseconds ago. */
function touched(agoMs: number, given: Partial<Fingerprint> = {}): Fingerprint {
  const time = BigInt(Date.now() - agoMs) * 1_000_000n;
  return fingerprint({ mtimeNs: time, ctimeNs: time, ...given });
}

/** One file whose looks the test writes down: each call of `fingerprint` takes the next one; the last one stays. */
class ScriptedFile {
  opened = 0;
  closed = 0;
  readonly #looks: (() => Fingerprint)[];

  constructor(...looks: (() => Fingerprint)[]) {
    this.#looks = looks;
  }

  async *walk(): AsyncIterable<LocalEntry[]> {
    yield [];
  }

  async stat(): Promise<Fingerprint | undefined> {
    return undefined;
  }

  async open(): Promise<OpenFile> {
    this.opened += 1;
    return {
      fingerprint: async () => {
        const look = this.#looks.length > 1 ? this.#looks.shift() : this.#looks[0];
        if (!look) throw new Error('The test gives no look.');
        return look();
      },
      read: async (_offset, length) => Buffer.alloc(length),
      close: async () => {
        this.closed += 1;
      },
    };
  }
}

/** Reads nothing, but verifies; notes what it was given. */
function reader(seen: SettledFile[]) {
  return async (file: SettledFile, verify: () => Promise<void>): Promise<string> => {
    seen.push(file);
    await verify();
    return 'read';
  };
}

describe('readSettled', () => {
  it('hands over a file at rest at once, and closes it', async () => {
    const old = touched(HOUR_MS);
    const file = new ScriptedFile(() => old);
    const seen: SettledFile[] = [];
    const startedAt = Date.now();
    expect(await readSettled(file, 'a', { settleMs: 1_000 }, reader(seen))).toBe('read');
    expect(Date.now() - startedAt).toBeLessThan(500);
    expect(seen).toMatchObject([{ fingerprint: old, racy: false }]);
    expect([file.opened, file.closed]).toEqual([1, 1]);
  });

  it('takes the word of a walk for what a file was, and finds out whether it still is', async () => {
    const old = touched(HOUR_MS);
    const file = new ScriptedFile(() => old);
    const seen: SettledFile[] = [];
    expect(await readSettled(file, 'a', { settleMs: 1_000, seen: old }, reader(seen))).toBe('read');
    expect(seen).toMatchObject([{ fingerprint: old }]);
  });

  it('reads a file again that was replaced since the walk', async () => {
    const old = touched(HOUR_MS);
    const replaced = touched(HOUR_MS, { inode: old.inode + 1n });
    const file = new ScriptedFile(() => replaced);
    const seen: SettledFile[] = [];
    expect(await readSettled(file, 'a', { settleMs: 1_000, seen: old }, reader(seen))).toBe('read');
    expect(seen).toMatchObject([{ fingerprint: old }, { fingerprint: replaced }]);
    expect([file.opened, file.closed]).toEqual([2, 2]);
  });

  it.each<[string, Partial<Fingerprint>]>([
    ['its content', { ctimeNs: 1n }],
    ['its name or its rights', { mtimeNs: 1n }],
  ])('waits until nothing has touched %s for a second', async (_, old) => {
    const fresh = touched(0, old);
    const file = new ScriptedFile(() => fresh);
    const seen: SettledFile[] = [];
    const startedAt = Date.now();
    await readSettled(file, 'a', { settleMs: 1_000 }, reader(seen));
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(950);
    expect(seen).toMatchObject([{ racy: false }]);
    expect(file.closed).toBe(file.opened);
  });

  it('does not wait where the writer is known to have finished, but says that the fingerprint proves nothing', async () => {
    const fresh = touched(0);
    const file = new ScriptedFile(() => fresh);
    const seen: SettledFile[] = [];
    const startedAt = Date.now();
    await readSettled(file, 'a', { settleMs: 0 }, reader(seen));
    expect(Date.now() - startedAt).toBeLessThan(500);
    expect(seen).toMatchObject([{ racy: true }]);
  });

  it('does not wait for a time that lies in the future, and does not trust it', async () => {
    const future = touched(-HOUR_MS);
    const seen: SettledFile[] = [];
    const startedAt = Date.now();
    await readSettled(new ScriptedFile(() => future), 'a', { settleMs: 1_000 }, reader(seen));
    expect(Date.now() - startedAt).toBeLessThan(500);
    expect(seen).toMatchObject([{ racy: true }]);
  });

  it('waits for a file that is half written, and reads it whole', async () => {
    const root = await temporaryDirectory();
    const path = join(root, 'a');
    await writeFile(path, 'first ');
    const writing = (async () => {
      for (const part of ['second ', 'third ']) {
        await new Promise((done) => setTimeout(done, 600));
        await appendFile(path, part);
      }
    })();
    const content = await readSettled(new LocalDirectory(root), 'a', { settleMs: 1_000 }, async (settled, verify) => {
      const bytes = await settled.file.read(0, settled.fingerprint.size);
      await verify();
      return String(bytes);
    });
    await writing;
    expect(content).toBe('first second third ');
  });

  it('reads a file again that changed while it was read', async () => {
    const root = await temporaryDirectory();
    const path = join(root, 'a');
    await writeFile(path, 'first');
    const reads: string[] = [];
    const content = await readSettled(new LocalDirectory(root), 'a', { settleMs: 0 }, async (settled, verify) => {
      const bytes = await settled.file.read(0, settled.fingerprint.size);
      reads.push(String(bytes));
      if (reads.length === 1) await writeFile(path, 'other');
      await verify();
      return String(bytes);
    });
    expect(reads).toEqual(['first', 'other']);
    expect(content).toBe('other');
  });

  it('reads a file again that became shorter while it was read', async () => {
    const root = await temporaryDirectory();
    const path = join(root, 'a');
    await writeFile(path, '0123456789');
    let reads = 0;
    const content = await readSettled(new LocalDirectory(root), 'a', { settleMs: 0 }, async (settled) => {
      reads += 1;
      if (reads === 1) await writeFile(path, '01');
      return String(await settled.file.read(0, settled.fingerprint.size));
    });
    expect([reads, content]).toEqual([2, '01']);
  });

  it('leaves a file to a later run that changes at every look', async () => {
    let look = 0;
    const file = new ScriptedFile(() => touched(HOUR_MS, { inode: BigInt((look += 1)) }));
    const seen: SettledFile[] = [];
    const error = await errorOf(readSettled(file, 'a/b', { settleMs: 1_000 }, reader(seen)));
    expect(error).toMatchObject({ code: 'LOCAL_CHANGED', key: 'a/b' });
    expect(seen.length).toBeGreaterThan(1);
    expect(file.closed).toBe(file.opened);
  });

  it('leaves a file to a later run that is written to without an end', async () => {
    const file = new ScriptedFile(() => touched(0));
    const seen: SettledFile[] = [];
    const error = await errorOf(readSettled(file, 'a', { settleMs: 1_000 }, reader(seen)));
    expect(error.code).toBe('LOCAL_CHANGED');
    expect(seen).toEqual([]);
    expect(file.closed).toBe(file.opened);
  });

  it('says so where the file is gone, without waiting', async () => {
    const local = new LocalDirectory(await temporaryDirectory());
    const startedAt = Date.now();
    const error = await errorOf(readSettled(local, 'a', { settleMs: 1_000 }, reader([])));
    expect(error).toMatchObject({ code: 'LOCAL_CHANGED', key: 'a' });
    expect(Date.now() - startedAt).toBeLessThan(500);
  });

  it('says so where the file went away while it waited', async () => {
    const root = await temporaryDirectory();
    await writeFile(join(root, 'a'), 'x');
    const reading = errorOf(
      readSettled(new LocalDirectory(root), 'a', { settleMs: 1_000 }, async (settled, verify) => {
        await verify();
        return settled.fingerprint.size;
      }),
    );
    await new Promise((done) => setTimeout(done, 200));
    await rm(join(root, 'a'));
    expect((await reading).code).toBe('LOCAL_CHANGED');
  });

  it.each([
    ['of the engine', new SyncError('STORE_BUSY', { message: 'slow down', fix: '' })],
    ['of any other kind', new TypeError('broken')],
  ])('hands on an error %s from its reader at once, and closes the file', async (_, failure) => {
    const old = touched(HOUR_MS);
    const file = new ScriptedFile(() => old);
    const reading = readSettled(file, 'a', { settleMs: 1_000 }, () => Promise.reject(failure));
    await expect(reading).rejects.toBe(failure);
    expect([file.opened, file.closed]).toEqual([1, 1]);
  });

  it('ends at once when it is cancelled, before it opens the file and while it waits', async () => {
    const fresh = touched(0);
    const file = new ScriptedFile(() => fresh);
    const before = readSettled(file, 'a', { settleMs: 1_000, signal: AbortSignal.abort() }, reader([]));
    expect((await errorOf(before)).code).toBe('CANCELLED');
    expect(file.opened).toBe(0);

    const startedAt = Date.now();
    const signal = AbortSignal.timeout(100);
    const waiting = readSettled(file, 'a', { settleMs: 1_000, signal }, reader([]));
    expect((await errorOf(waiting)).code).toBe('CANCELLED');
    expect(Date.now() - startedAt).toBeLessThan(600);
    expect([file.opened, file.closed]).toEqual([1, 1]);
  });
});
