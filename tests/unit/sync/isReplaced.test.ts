import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Base } from '../../../server/src/sync/base/Base';
import { openBase } from '../../../server/src/sync/base/LevelBase';
import { isReplaced } from '../../../server/src/sync/isReplaced';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { baseEntry } from './support/entries';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const NOW = Date.now() / 1000;

describe('isReplaced', () => {
  let directory: string;
  let local: LocalDirectory;
  let base: Base;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    await mkdir(join(directory, 'uploads'));
    local = new LocalDirectory(directory);
    const identity = { bucketName: 'b', endpoint: '', prefix: '' };
    const filter = { include: ['uploads/**'], exclude: [] };
    base = await openBase({ stateDirectory: await temporaryDirectory(), identity, filter });
  });

  afterEach(async () => {
    await base.close();
  });

  const path = (name: string) => join(directory, 'uploads', name);
  /** @param secondsAgo age of the content. */
  const put = async (name: string, secondsAgo: number) => {
    await writeFile(path(name), 'text');
    await utimes(path(name), NOW - secondsAgo, NOW - secondsAgo);
  };
  /** A new file in the place of the old one, as `tar`, `rsync` and many editors make it. */
  const replace = async (name: string, secondsAgo: number) => {
    await put('new', secondsAgo);
    await rename(path('new'), path(name));
  };
  const know = async (...names: string[]) => {
    for (const name of names) {
      await put(name, 1_000);
      const fingerprint = await local.stat(`uploads/${name}`);
      await base.settle([{ key: `uploads/${name}`, entry: baseEntry({ fingerprint }) }]);
    }
  };
  const look = (inodesCount = true) => isReplaced(base, local, inodesCount);
  const names = (count: number) => Array.from({ length: count }, (_, index) => `file-${index}`);

  it('is not said where nothing is known, or nothing was replaced', async () => {
    expect(await look()).toBe(false);
    await know('a', 'b', 'c');
    expect(await look()).toBe(false);
  });

  it.each([
    ['older', 2_000],
    ['of the same time', 1_000],
  ])('is noticed where two of three files are others, and %s', async (_what, secondsAgo) => {
    await know('a', 'b', 'c');
    await replace('a', secondsAgo);
    expect(await look()).toBe(false);
    await replace('b', secondsAgo);
    expect(await look()).toBe(true);
  });

  it('is noticed where a copy was written into the old files', async () => {
    await know('a', 'b', 'c');
    await put('a', 2_000);
    await put('b', 2_000);
    expect(await look()).toBe(true);
  });

  it('is not said of a few files that an editor saved anew', async () => {
    await know('a', 'b', 'c');
    for (const name of ['a', 'b', 'c']) await replace(name, 500);
    expect(await look()).toBe(false);
  });

  it('is noticed where most of many files are others, whatever their times', async () => {
    await know(...names(20));
    for (const name of names(10)) await replace(name, 500);
    expect(await look()).toBe(false);
    await replace('file-10', 500);
    expect(await look()).toBe(true);
  });

  it('is counted exactly where there are more files than a sample', async () => {
    const all = names(300);
    await know(...all);
    for (const name of all.slice(0, 150)) await replace(name, 2_000);
    expect(await look()).toBe(false);
    await replace('file-150', 2_000);
    expect(await look()).toBe(true);
  });

  it('counts only the files that are here', async () => {
    await know('a', 'b', 'c', 'd', 'e');
    for (const name of ['a', 'b', 'c']) await rm(path(name));
    for (const name of ['d', 'e']) await replace(name, 2_000);
    expect(await look()).toBe(true);
  });

  it('does not count new inodes of unchanged files on a file system that hands them out anew', async () => {
    await know('a', 'b', 'c');
    for (const name of ['a', 'b', 'c']) await replace(name, 1_000);
    expect(await look(false)).toBe(false);
    for (const name of ['a', 'b', 'c']) await replace(name, 2_000);
    expect(await look(false)).toBe(true);
  });

  it('is not said of files that cannot be looked at, and rejects where the directory is away', async () => {
    await know('a', 'b');
    for (const name of ['a', 'b']) {
      await rm(path(name));
      await symlink('/nowhere', path(name));
    }
    expect(await look()).toBe(false);
    await rm(directory, { recursive: true });
    await expect(look()).rejects.toMatchObject({ code: 'DIRECTORY_MISSING' });
  });
});
