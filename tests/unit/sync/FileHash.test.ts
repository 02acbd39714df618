import { createHash, randomBytes } from 'node:crypto';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashWhileWritten, type FileHash } from '../../../server/src/sync/FileHash';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const MIB = 1024 * 1024;
const LARGE = 20 * MIB;
const content = randomBytes(LARGE);
const digestOf = (name: 'md5' | 'sha256', bytes: Buffer): string => createHash(name).update(bytes).digest('hex');

let path: string;
let hash: FileHash | undefined;

beforeEach(async () => {
  path = join(await temporaryDirectory(), 'x.bin');
  await writeFile(path, '');
});
afterEach(async () => {
  await hash?.close();
});

/** Writes the content bit by bit, and tells the hash of it. */
async function writeAll(to: FileHash, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 3 * MIB) {
    const chunk = bytes.subarray(at, at + 3 * MIB);
    await appendFile(path, chunk);
    to.update(chunk);
  }
}

describe('a file that is hashed while it is written', () => {
  test.each([
    ['a small one', content.subarray(0, 5 * MIB)],
    ['a large one', content],
    ['an empty one', content.subarray(0, 0)],
  ])('%s gets the hashes of its bytes', async (_name, bytes) => {
    hash = hashWhileWritten(path, bytes.length, true);
    await writeAll(hash, bytes);
    expect(await hash.digest()).toEqual({ md5: digestOf('md5', bytes), sha256: digestOf('sha256', bytes) });
  });

  it('has no SHA-256 where nobody wants it', async () => {
    hash = hashWhileWritten(path, LARGE, false);
    await writeAll(hash, content);
    expect(await hash.digest()).toEqual({ md5: digestOf('md5', content) });
  });

  it('a large one is hashed as it is in the file, not as it came', async () => {
    hash = hashWhileWritten(path, LARGE, false);
    await appendFile(path, Buffer.alloc(LARGE));
    hash.update(content);
    expect((await hash.digest()).md5).toBe(digestOf('md5', Buffer.alloc(LARGE)));
  });

  it('a large one that somebody cut is an error', async () => {
    hash = hashWhileWritten(path, LARGE, false);
    await writeAll(hash, content.subarray(0, 4 * MIB));
    await truncate(path, 0);
    hash.update(content.subarray(4 * MIB));
    await expect(hash.digest()).rejects.toThrow('shorter');
  });

  it('a large one does not hold up the event loop', async () => {
    await writeFile(path, content);
    hash = hashWhileWritten(path, LARGE, true);
    const begun = performance.now();
    hash.update(content);
    expect(performance.now() - begun).toBeLessThan(20);
    await hash.digest();
  });

  it('can be given up at any time', async () => {
    hash = hashWhileWritten(path, LARGE, false);
    hash.update(content);
    await hash.close();
    await expect(hash.digest()).rejects.toThrow('ended');
  });
});
