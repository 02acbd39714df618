import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFilter } from '../../../server/src/sync/KeyFilter';
import { Leftovers } from '../../../server/src/sync/local/Leftovers';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { temporaryName } from '../../../server/src/sync/local/temporaryName';
import { Trash } from '../../../server/src/sync/local/Trash';
import { collect } from './support/collect';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const filter = createKeyFilter({ include: ['uploads/**'], exclude: ['**/.*', 'uploads/private/**'] });
const HOUR_MS = 60 * 60_000;

describe('temporary files of killed downloads', () => {
  let root: string;

  beforeEach(async () => {
    root = await temporaryDirectory();
    await mkdir(join(root, 'uploads', 'sub'), { recursive: true });
    await mkdir(join(root, 'uploads', 'private'));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const put = async (...names: string[]): Promise<string> => {
    const path = join(root, 'uploads', ...names);
    await writeFile(path, 'half');
    // As a download does, when all bytes are there.
    await utimes(path, 1_000_000, 1_000_000);
    return path;
  };
  const inAnHour = (): void => {
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + HOUR_MS + 1_000);
  };
  const namesIn = async (...folder: string[]): Promise<string[]> =>
    (await readdir(join(root, 'uploads', ...folder))).sort();
  const walkAndRemove = async (): Promise<string[]> => {
    const leftovers = new Leftovers();
    const local = new LocalDirectory(root, leftovers.note);
    const found = await collect(local.walk(filter));
    await leftovers.remove();
    return found.flat().map(({ key }) => key);
  };

  it('go when nobody has touched them for an hour, whatever time they say', async () => {
    await put('a.txt');
    await put(temporaryName());
    await put('sub', temporaryName());
    expect(await walkAndRemove()).toEqual(['uploads/a.txt']);
    expect(await namesIn('sub')).toHaveLength(1);
    inAnHour();
    expect(await walkAndRemove()).toEqual(['uploads/a.txt']);
    expect(await namesIn()).toEqual(['a.txt', 'private', 'sub']);
    expect(await namesIn('sub')).toEqual([]);
  });

  it('stay where nothing is synced, and so do files of others with like names', async () => {
    const ours = temporaryName();
    const others = ['.my.s3-sync-tmp', `x${ours}`, `${ours}.bak`, ours.slice(1)];
    for (const name of others) await put(name);
    await put('private', ours);
    inAnHour();
    await walkAndRemove();
    expect(await namesIn()).toEqual([...others, 'private', 'sub'].sort());
    expect(await namesIn('private')).toEqual([ours]);
  });

  it('are no failure when they found their place meanwhile', async () => {
    const path = await put(temporaryName());
    const leftovers = new Leftovers();
    leftovers.note(path);
    await rm(path);
    await expect(leftovers.remove()).resolves.toBeUndefined();
  });

  it('go from the trash too', async () => {
    const state = join(root, 'uploads', '.s3-sync');
    await mkdir(state);
    const trash = new Trash(state);
    await writeFile(join(await trash.folder(), temporaryName()), 'half');
    await trash.purge(7);
    expect(await namesIn('.s3-sync', 'trash')).toHaveLength(1);
    inAnHour();
    await trash.purge(7);
    expect(await namesIn('.s3-sync', 'trash')).toEqual([]);
  });
});
