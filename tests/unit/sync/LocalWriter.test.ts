import fs, { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fingerprint } from '../../../server/src/sync/Fingerprint';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { LocalWriter, type TemporaryFile } from '../../../server/src/sync/local/LocalWriter';
import { Trash } from '../../../server/src/sync/local/Trash';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const KEY = 'uploads/a/x.txt';
const CHANGED = { code: 'LOCAL_CHANGED', key: KEY };

let root: string;
let directory: LocalDirectory;
let trash: Trash;
let writer: LocalWriter;

beforeEach(async () => {
  root = await temporaryDirectory();
  await mkdir(join(root, 'uploads', '.s3-sync'), { recursive: true });
  await mkdir(join(root, 'uploads', 'a'));
  directory = new LocalDirectory(root);
  trash = new Trash(join(root, 'uploads', '.s3-sync'));
  writer = new LocalWriter(directory, trash);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const path = (key = KEY): string => join(root, key);
const text = (key = KEY): Promise<string> => readFile(path(key), 'utf8');
const saw = async (): Promise<Fingerprint> => {
  const found = await directory.stat(KEY);
  if (!found) throw new Error('The file is missing.');
  return found;
};
async function* bytes(content: string): AsyncIterable<Buffer> {
  yield Buffer.from(content);
}
const fetched = (content = 'fetched'): Promise<TemporaryFile> =>
  writer.writeTemporary(KEY, bytes(content), { mtimeMs: 1_000_000, size: content.length });
const trashed = async (): Promise<string[]> =>
  Promise.all((await trash.list()).map(({ id }) => readFile(trash.pathOf(id), 'utf8')));
const namesInFolder = async (): Promise<string[]> => (await readdir(path('uploads/a'))).sort();

/** Lets somebody do something right after the writer has called a function of the trash. */
function afterwards(name: 'keepLink' | 'rename', happen: () => Promise<void>): void {
  const original = trash[name].bind(trash);
  jest.spyOn(trash, name).mockImplementation(async (...args: Parameters<Trash['keepLink']>) => {
    const id = await original(...args);
    await happen();
    return id ?? '';
  });
}

/** Lets the trash be on another disk than the files. */
function onAnotherDisk(): void {
  const isTrash = (place: unknown): boolean => String(place).includes('/.s3-sync/');
  for (const name of ['rename', 'link'] as const) {
    const original = fs[name];
    jest.spyOn(fs, name).mockImplementation(async (from, to) => {
      if (isTrash(from) !== isTrash(to)) throw Object.assign(new Error('EXDEV'), { code: 'EXDEV' });
      await original(from, to);
    });
  }
}

describe('putting a fetched file in its place', () => {
  it('keeps what stood there, and gives it the time it had', async () => {
    await writeFile(path(), 'old');
    const placed = await writer.place(KEY, await fetched(), await saw(), 'overwritten');
    expect(await text()).toBe('fetched');
    expect(placed).toMatchObject({ size: 7, mtimeNs: 1_000_000_000_000n });
    expect(await trashed()).toEqual(['old']);
    expect(await namesInFolder()).toEqual(['x.txt']);
  });

  it.each<[string, () => Promise<void>]>([
    ['was written meanwhile', () => writeFile(path(), 'edited meanwhile')],
    ['was replaced meanwhile by one of the same size and time', replaceAlike],
    ['went away meanwhile', () => fs.rm(path())],
  ])('changes nothing where the file that is to be overwritten %s', async (_what, happen) => {
    await writeFile(path(), 'old');
    const seen = await saw();
    const temporary = await fetched();
    await happen();
    const before = await namesInFolder();
    await expect(writer.place(KEY, temporary, seen, 'overwritten')).rejects.toMatchObject(CHANGED);
    expect(await namesInFolder()).toEqual(before);
    expect(await trashed()).toEqual([]);
  });

  it('does not overwrite a file that is written while it goes to the trash', async () => {
    await writeFile(path(), 'old');
    const seen = await saw();
    const temporary = await fetched();
    afterwards('keepLink', () => writeFile(path(), 'edited right now'));
    await expect(writer.place(KEY, temporary, seen, 'overwritten')).rejects.toMatchObject(CHANGED);
    expect(await text()).toBe('edited right now');
    expect(await trashed()).toEqual([]);
  });

  it('does not overwrite a file that came up where there was none', async () => {
    const temporary = await fetched();
    const look = directory.pathForWriting.bind(directory);
    // It comes after the last look.
    jest.spyOn(directory, 'pathForWriting').mockImplementation(async (key) => {
      const found = await look(key);
      await writeFile(path(), 'new here');
      return found;
    });
    await expect(writer.place(KEY, temporary, undefined, 'overwritten')).rejects.toMatchObject(CHANGED);
    expect(await text()).toBe('new here');
  });

  describe('on a disk without hard links', () => {
    beforeEach(() => {
      jest.spyOn(fs, 'link').mockRejectedValue(Object.assign(new Error('There are no links here.'), { code: 'EPERM' }));
    });

    it('gets its name all the same, and leaves nothing beside it', async () => {
      await writer.place(KEY, await fetched(), undefined, 'overwritten');
      expect(await text()).toBe('fetched');
      expect(await namesInFolder()).toEqual(['x.txt']);
    });

    it('does not overwrite a file that came up where there was none', async () => {
      const temporary = await fetched();
      await writeFile(path(), 'of an editor');
      await expect(writer.place(KEY, temporary, undefined, 'overwritten')).rejects.toMatchObject(CHANGED);
      expect(await text()).toBe('of an editor');
    });

    it('is put back where it was written between the last look and the move', async () => {
      await writeFile(path(), 'seen');
      const seen = await saw();
      await writeFile(path(), 'written meanwhile, and longer');
      jest.spyOn(directory, 'placeForWriting').mockResolvedValue({ path: path(), found: seen });
      await expect(writer.remove(KEY, seen)).rejects.toMatchObject(CHANGED);
      expect(await text()).toBe('written meanwhile, and longer');
    });
  });

  it('says so where somebody saves the file right after, and leaves theirs', async () => {
    await writeFile(path(), 'old');
    const seen = await saw();
    const temporary = await fetched();
    const original = fs.rename;
    jest.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
      await original(from, to);
      if (String(to) === path()) await writeFile(path(), 'saved right after');
    });
    await expect(writer.place(KEY, temporary, seen, 'overwritten')).rejects.toMatchObject(CHANGED);
    expect(await text()).toBe('saved right after');
    expect(await trashed()).toEqual(['old']);
  });

  it('tells what it put there, where somebody deletes it right after', async () => {
    const temporary = await fetched();
    const original = fs.link;
    jest.spyOn(fs, 'link').mockImplementation(async (from, to) => {
      await original(from, to);
      if (String(to) === path()) await fs.rm(path());
    });
    expect(await writer.place(KEY, temporary, undefined, 'overwritten')).toMatchObject(temporary.file);
    expect(await namesInFolder()).toEqual([]);
  });

  it('takes an empty folder away that stands there', async () => {
    const temporary = await fetched();
    await mkdir(join(path(), 'empty'), { recursive: true });
    await writer.place(KEY, temporary, undefined, 'overwritten');
    expect(await text()).toBe('fetched');
  });

  it('does not count a file as placed where the directory was exchanged at that moment', async () => {
    const temporary = await fetched();
    const original = fs.link;
    jest.spyOn(fs, 'link').mockImplementation(async (from, to) => {
      await fs.rename(join(root, 'uploads'), join(root, 'old'));
      await mkdir(join(root, 'new', 'a'), { recursive: true });
      await fs.symlink(join(root, 'new'), join(root, 'uploads'));
      await original(String(from).replace('/uploads/', '/old/'), String(to).replace('/uploads/', '/old/'));
      await writeFile(String(from), '');
    });
    await expect(writer.place(KEY, temporary, undefined, 'overwritten')).rejects.toMatchObject(CHANGED);
  });

  it('brings the names of files that come at the same time to the disk together', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `uploads/a/file-${index}.txt`);
    const temporaries = await Promise.all(
      keys.map((key) => writer.writeTemporary(key, [Buffer.from('fetched')], { mtimeMs: 0, size: 7 })),
    );
    const open = jest.spyOn(fs, 'open');
    await Promise.all(
      keys.map(async (key, index) => {
        const temporary = temporaries[index];
        if (temporary) await writer.place(key, temporary, undefined, 'overwritten');
      }),
    );
    const folderSyncs = open.mock.calls.filter(([opened]) => opened === join(root, 'uploads/a')).length;
    expect(folderSyncs).toBeGreaterThan(0);
    expect(folderSyncs).toBeLessThan(keys.length / 2);
  });

  it('keeps a copy of what stood there where the trash is on another disk', async () => {
    await writeFile(path(), 'old');
    const seen = await saw();
    onAnotherDisk();
    await writer.place(KEY, await fetched(), seen, 'overwritten');
    expect(await text()).toBe('fetched');
    expect(await trashed()).toEqual(['old']);
  });
});

describe('deleting a file', () => {
  it('moves it to the trash, and takes the emptied folder away', async () => {
    await writeFile(path(), 'old');
    await writer.remove(KEY, await saw());
    expect(await readdir(join(root, 'uploads'))).toEqual(['.s3-sync']);
    expect(await trashed()).toEqual(['old']);
  });

  it('changes nothing where it was written meanwhile', async () => {
    await writeFile(path(), 'old');
    const seen = await saw();
    await writeFile(path(), 'edited meanwhile');
    await expect(writer.remove(KEY, seen)).rejects.toMatchObject(CHANGED);
    expect(await text()).toBe('edited meanwhile');
    expect(await trashed()).toEqual([]);
  });

  it('puts it back where it was written between the last look and the move', async () => {
    await writeFile(path(), 'old');
    const seen = await saw();
    const original = fs.rename;
    jest.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
      if (String(from) === path()) await writeFile(path(), 'edited right now');
      await original(from, to);
    });
    await expect(writer.remove(KEY, seen)).rejects.toMatchObject(CHANGED);
    expect(await text()).toBe('edited right now');
    expect(await trashed()).toEqual([]);
  });

  describe('with the trash on another disk', () => {
    it('copies it there first', async () => {
      await writeFile(path(), 'old');
      const seen = await saw();
      onAnotherDisk();
      await writer.remove(KEY, seen);
      await expect(stat(path())).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await trashed()).toEqual(['old']);
    });

    it('leaves it where it was written while it was copied', async () => {
      await writeFile(path(), 'old');
      const seen = await saw();
      onAnotherDisk();
      afterwards('keepLink', () => writeFile(path(), 'edited right now'));
      await expect(writer.remove(KEY, seen)).rejects.toMatchObject(CHANGED);
      expect(await text()).toBe('edited right now');
      expect(await trashed()).toEqual([]);
    });

    it('leaves it where the copy fails', async () => {
      await writeFile(path(), 'old');
      const seen = await saw();
      onAnotherDisk();
      jest.spyOn(fs, 'copyFile').mockRejectedValue(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
      await expect(writer.remove(KEY, seen)).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(await text()).toBe('old');
      expect(await trashed()).toEqual([]);
    });
  });
});

describe('a version that is only to be kept in the trash', () => {
  it('gets there where a file stands in the place of its folder', async () => {
    await writeFile(path('uploads/file'), 'in the way');
    const key = 'uploads/file/x.txt';
    await writer.discardToTrash(
      key,
      await writer.writeTemporary(key, bytes('kept'), { mtimeMs: 1_000, size: 4 }),
      'deleted',
    );
    expect(await trashed()).toEqual(['kept']);
    expect(await readdir(trash.pathOf(''))).toHaveLength(2);
  });

  it('is copied there from another disk', async () => {
    const temporary = await fetched('kept');
    onAnotherDisk();
    await writer.discardToTrash(KEY, temporary, 'lost-conflict');
    expect(await trashed()).toEqual(['kept']);
    expect(await namesInFolder()).toEqual([]);
  });
});

/** Another file with the same size and times, as far as anybody can set them. */
async function replaceAlike(): Promise<void> {
  const { atime, mtime } = await stat(path());
  await writeFile(path('uploads/other'), 'OLD');
  await utimes(path('uploads/other'), atime, mtime);
  await fs.rename(path('uploads/other'), path());
}
