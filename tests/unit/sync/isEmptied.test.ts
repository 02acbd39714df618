import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Base } from '../../../server/src/sync/base/Base';
import { openBase } from '../../../server/src/sync/base/LevelBase';
import { isEmptied } from '../../../server/src/sync/isEmptied';
import { createKeyFilter } from '../../../server/src/sync/KeyFilter';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { baseEntry } from './support/entries';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();

describe('isEmptied', () => {
  let directory: string;
  let base: Base;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    await mkdir(join(directory, 'uploads'));
    const identity = { bucketName: 'b', endpoint: '', prefix: '' };
    const filter = { include: ['uploads/**'], exclude: [] };
    base = await openBase({ stateDirectory: await temporaryDirectory(), identity, filter });
  });

  afterEach(async () => {
    await base.close();
  });

  const know = (...names: string[]) =>
    base.settle(names.map((name) => ({ key: `uploads/${name}`, entry: baseEntry() })));
  const put = (name: string) => writeFile(join(directory, 'uploads', name), name);
  const knowAndPut = async (name: string) => {
    await put(name);
    const found = await new LocalDirectory(directory).stat(`uploads/${name}`);
    await base.settle([{ key: `uploads/${name}`, entry: baseEntry({ fingerprint: found }) }]);
  };
  const look = () =>
    isEmptied(base, new LocalDirectory(directory), createKeyFilter({ include: ['uploads/**'], exclude: [] }));

  it('is not noticed where base knows no file', async () => {
    expect(await look()).toBe(false);
  });

  it('is noticed where the only known file is missing and nothing else is here', async () => {
    await know('a');
    expect(await look()).toBe(true);
  });

  it('is not said of the only known file while another one is here', async () => {
    await know('a');
    await put('new');
    expect(await look()).toBe(false);
  });

  it('is noticed where no known file is here any more, whatever came since', async () => {
    await know('a', 'b');
    await put('new');
    expect(await look()).toBe(true);
  });

  it('is noticed where a known file that is here is another one than it was', async () => {
    await know('a', 'b', 'c');
    await put('c');
    expect(await look()).toBe(true);
  });

  it('is not said of one file that is missing beside one that was replaced', async () => {
    await know('a', 'b');
    await put('b');
    expect(await look()).toBe(false);
  });

  it('is not said while a known file is here, even if it is the last one', async () => {
    await know('a', 'b', 'd');
    await knowAndPut('c');
    expect(await look()).toBe(false);
  });

  it('is not said of a file that cannot be looked at', async () => {
    await know('a', 'b');
    await symlink('/nowhere', join(directory, 'uploads', 'b'));
    expect(await look()).toBe(false);
  });

  it('is not said of a directory that is away: that is told by itself', async () => {
    await know('a', 'b');
    await rm(directory, { recursive: true });
    await expect(look()).rejects.toMatchObject({ code: 'DIRECTORY_MISSING' });
  });
});
