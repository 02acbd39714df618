import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { LocalWriter } from '../../../server/src/sync/local/LocalWriter';
import { Trash } from '../../../server/src/sync/local/Trash';

const KIB = 1024;

/** A disk of 512 KiB, or `undefined` where this process may not mount one. */
async function mountSmallDisk(): Promise<string | undefined> {
  const path = await mkdtemp(join(tmpdir(), 's3-sync-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', path], { stdio: 'pipe' });
    return path;
  } catch {
    await rm(path, { recursive: true });
    process.stderr.write('SKIPPED the tests on a full disk: only root may mount a small one.\n');
    return undefined;
  }
}

describe('on a disk that fills up', () => {
  let disk: string | undefined;
  let writer: LocalWriter;

  beforeEach(async () => {
    disk = await mountSmallDisk();
    if (disk === undefined) return;
    await mkdir(join(disk, 'uploads'));
    await mkdir(join(disk, 'uploads', '.s3-sync'));
    writer = new LocalWriter(new LocalDirectory(disk), new Trash(join(disk, 'uploads', '.s3-sync')));
  });
  afterEach(async () => {
    if (disk === undefined) return;
    execFileSync('umount', [disk]);
    await rm(disk, { recursive: true });
  });

  it('a download is never taken for whole when its end did not fit, and leaves nothing behind', async () => {
    if (disk === undefined) return;
    const body = async function* (): AsyncIterable<Buffer> {
      for (let part = 0; part < 10; part++) yield Buffer.alloc(90 * KIB + 7, part);
    };
    await expect(writer.writeTemporary('uploads/x.bin', body(), { mtimeMs: 0, size: 0 })).rejects.toThrow();
    // What was taken up is free again.
    await writeFile(join(disk, 'uploads', 'y.bin'), Buffer.alloc(400 * KIB));
    expect((await stat(join(disk, 'uploads', 'y.bin'))).size).toBe(400 * KIB);
  });

  it('a trash that has no room leaves the file where it is', async () => {
    if (disk === undefined) return;
    await writeFile(join(disk, 'uploads', 'full.bin'), Buffer.alloc(490 * KIB));
    await writeFile(join(disk, 'uploads', 'x.txt'), 'x');
    const here = await new LocalDirectory(disk).stat('uploads/x.txt');
    if (!here) throw new Error('It was just written.');
    await expect(writer.remove('uploads/x.txt', here)).rejects.toMatchObject({ code: 'WITHHELD' });
    expect(await readFile(join(disk, 'uploads', 'x.txt'), 'utf8')).toBe('x');
  });
});
