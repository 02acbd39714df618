import { randomBytes } from 'node:crypto';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeChunks } from '../../../server/src/sync/local/writeChunks';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const KIB = 1024;
const MIB = 1024 * KIB;

let path: string;
let handle: FileHandle;

beforeEach(async () => {
  path = join(await temporaryDirectory(), 'x.bin');
  handle = await open(path, 'wx');
});
afterEach(async () => {
  jest.restoreAllMocks();
  await handle.close();
});

async function* chunksOf(content: Buffer, bytes: number): AsyncIterable<Buffer> {
  for (let at = 0; at < content.length; at += bytes) yield content.subarray(at, at + bytes);
}

describe('writeChunks', () => {
  test.each([0, 1, 64 * KIB, 5 * MIB + 3])('%d bytes are in the file, in order', async (size) => {
    const content = randomBytes(size);
    const told: Buffer[] = [];
    expect(await writeChunks(handle, chunksOf(content, 61 * KIB), (chunk) => told.push(chunk))).toBe(size);
    expect((await readFile(path)).equals(content)).toBe(true);
    expect(Buffer.concat(told).equals(content)).toBe(true);
  });

  it('tells of a chunk only when it is in the file', async () => {
    let written = 0;
    const write = handle.writev.bind(handle);
    jest.spyOn(handle, 'writev').mockImplementation(async (...args: Parameters<FileHandle['writev']>) => {
      const result = await write(...args);
      written += result.bytesWritten;
      return result;
    });
    let told = 0;
    await writeChunks(handle, chunksOf(randomBytes(MIB), 64 * KIB), (chunk) => {
      told += chunk.length;
      expect(told).toBeLessThanOrEqual(written);
    });
    expect(told).toBe(MIB);
  });

  it('takes no more than a little beyond what the disk has taken', async () => {
    let taken = 0;
    let written = 0;
    let most = 0;
    const body = async function* (): AsyncIterable<Buffer> {
      for (let part = 0; part < 256; part++) {
        taken += 64 * KIB;
        most = Math.max(most, taken - written);
        yield Buffer.alloc(64 * KIB, part);
      }
    };
    const write = handle.writev.bind(handle);
    jest.spyOn(handle, 'writev').mockImplementation(async (...args: Parameters<FileHandle['writev']>) => {
      await sleep(5);
      return write(...args);
    });
    await writeChunks(handle, body(), (chunk) => {
      written += chunk.length;
    });
    expect(written).toBe(16 * MIB);
    expect(most).toBeLessThanOrEqual(3 * MIB);
  });

  it('goes on where the disk takes a part only', async () => {
    const content = randomBytes(300 * KIB);
    jest.spyOn(handle, 'writev').mockImplementationOnce(async (chunks) => {
      const [first = Buffer.alloc(0)] = chunks;
      const { bytesWritten } = await handle.write(first, 0, 10);
      return { bytesWritten, buffers: [...chunks] };
    });
    expect(await writeChunks(handle, chunksOf(content, 100 * KIB))).toBe(300 * KIB);
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  test.each(['writev', 'datasync', 'sync'] as const)('a disk that refuses %s is an error', async (name) => {
    const refused = Object.assign(new Error('No space left'), { code: 'ENOSPC' });
    jest.spyOn(handle, name).mockRejectedValueOnce(refused);
    await expect(writeChunks(handle, chunksOf(Buffer.alloc(40 * MIB), MIB))).rejects.toBe(refused);
  });

  it('brings what is written to the disk while more comes', async () => {
    const flushed = jest.spyOn(handle, 'datasync');
    await writeChunks(handle, chunksOf(Buffer.alloc(80 * MIB), MIB));
    expect(flushed).toHaveBeenCalled();
  });

  it('a body that breaks off ends with its error, and no write goes on then', async () => {
    let isWriting = false;
    const write = handle.writev.bind(handle);
    jest.spyOn(handle, 'writev').mockImplementation(async (...args: Parameters<FileHandle['writev']>) => {
      isWriting = true;
      await sleep(20);
      const result = await write(...args);
      isWriting = false;
      return result;
    });
    const broken = new Error('Broken');
    const body = async function* (): AsyncIterable<Buffer> {
      yield Buffer.alloc(KIB);
      throw broken;
    };
    await expect(writeChunks(handle, body())).rejects.toBe(broken);
    expect(isWriting).toBe(false);
  });
});
