import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { LocalWriter } from '../../../server/src/sync/local/LocalWriter';
import { Trash } from '../../../server/src/sync/local/Trash';
import { md5Of } from '../../../server/src/sync/md5Of';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
let root: string;
let trash: Trash;
let writer: LocalWriter;

beforeEach(async () => {
  root = await temporaryDirectory();
  const state = join(root, 'uploads', '.s3-sync');
  await mkdir(state, { recursive: true });
  trash = new Trash(state);
  writer = new LocalWriter(new LocalDirectory(root), trash);
});

const path = (key: string): string => join(root, key);

/** Puts a file into the trash and returns its item. */
async function discard(key: string, text: string) {
  await mkdir(join(path(key), '..'), { recursive: true });
  await writeFile(path(key), text);
  const item = await trash.find(await trash.take(path(key), key, 'deleted'));
  if (item === undefined) throw new Error('It is not in the trash.');
  return item;
}

describe('the trash', () => {
  test('lists what it keeps, newest first', async () => {
    const first = await discard('uploads/a.txt', 'a');
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await discard('uploads/b.txt', 'bb');
    expect(await trash.list()).toEqual([second, first]);
    expect(second).toMatchObject({ key: 'uploads/b.txt', size: 2, why: 'deleted' });
  });

  test.each(['../../../etc/passwd', '', 'x', '000000000000001-0123456789ab', '.json'])(
    'finds nothing under an id that it never gave: %j',
    async (id) => {
      expect(await trash.find(id)).toBeUndefined();
    },
  );

  test('leaves out a record whose file was never moved', async () => {
    const { id } = await discard('uploads/a.txt', 'a');
    const other = `${id.slice(0, -1)}${id.endsWith('f') ? '0' : 'f'}`;
    await writeFile(`${trash.pathOf(other)}.json`, '{}');
    expect((await trash.list()).map((item) => item.id)).toEqual([id]);
  });

  test('deletes what is older than so many days, and nothing else', async () => {
    const { id } = await discard('uploads/new.txt', 'new');
    const dayMs = 24 * 60 * 60 * 1000;
    const idOf = (daysAgo: number) => `${String(Date.now() - daysAgo * dayMs).padStart(15, '0')}-0123456789ab`;
    for (const days of [6.9, 7.1]) {
      await writeFile(trash.pathOf(idOf(days)), 'x');
      await writeFile(`${trash.pathOf(idOf(days))}.json`, '{}');
    }
    await writeFile(trash.pathOf('0 not an item'), 'x');
    const kept = readdirSync(trash.pathOf('')).filter((name) => !name.startsWith(idOf(7.1).slice(0, 10)));
    await trash.purge(7);
    expect(readdirSync(trash.pathOf('')).toSorted()).toEqual(kept.toSorted());
    expect(await trash.find(id)).toBeDefined();
  });
});

describe('restoring', () => {
  const told: string[] = [];
  const tell = async (md5: string): Promise<void> => {
    told.push(md5);
  };
  beforeEach(() => told.splice(0));

  test('puts the file back where it was, with the time of now, and takes it out of the trash', async () => {
    const item = await discard('uploads/deep/er/a.txt', 'restored');
    await writer.restore(item, tell);
    expect(await readFile(path('uploads/deep/er/a.txt'), 'utf8')).toBe('restored');
    expect(Date.now() - (await stat(path('uploads/deep/er/a.txt'))).mtimeMs).toBeLessThan(5_000);
    expect(await trash.list()).toEqual([]);
    expect(told).toEqual([md5Of(Buffer.from('restored'))]);
  });

  test('keeps what stands in its place in the trash', async () => {
    const item = await discard('uploads/a.txt', 'old');
    await writeFile(path('uploads/a.txt'), 'new');
    await writer.restore(item, tell);
    expect(await readFile(path('uploads/a.txt'), 'utf8')).toBe('old');
    const [kept] = await trash.list();
    expect(kept).toMatchObject({ key: 'uploads/a.txt', why: 'overwritten' });
    expect(await readFile(trash.pathOf(kept?.id ?? ''), 'utf8')).toBe('new');
  });

  test('tells before the file is there, and leaves everything as it is where that fails', async () => {
    const item = await discard('uploads/a.txt', 'old');
    const fail = async (): Promise<void> => {
      expect(existsSync(path('uploads/a.txt'))).toBe(false);
      throw new Error('no database');
    };
    await expect(writer.restore(item, fail)).rejects.toThrow('no database');
    expect(existsSync(path('uploads/a.txt'))).toBe(false);
    expect(await trash.list()).toEqual([item]);
    expect(readdirSync(path('uploads'))).toEqual(['.s3-sync']);
  });

  test('of an item that was cut short changes nothing, and says so', async () => {
    const item = await discard('uploads/a.txt', 'old and long');
    await writeFile(path('uploads/a.txt'), 'new');
    await writeFile(trash.pathOf(item.id), 'old');
    await expect(writer.restore(item, tell)).rejects.toMatchObject({ code: 'INTEGRITY', key: 'uploads/a.txt' });
    expect(await readFile(path('uploads/a.txt'), 'utf8')).toBe('new');
    expect(await trash.list()).toEqual([item]);
    expect(told).toEqual([]);
  });

  test('copies a file of many chunks byte for byte', async () => {
    const text = 'abcdefgh'.repeat(100_000);
    const item = await discard('uploads/big.bin', text);
    await writer.restore(item, tell);
    expect(await readFile(path('uploads/big.bin'), 'utf8')).toBe(text);
    expect(told).toEqual([md5Of(Buffer.from(text))]);
  });
});
