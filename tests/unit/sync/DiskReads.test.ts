import fs, { constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DiskReads } from '../../../server/src/sync/local/DiskReads';
import { temporaryDirectories } from './support/temporaryDirectories';

const { readSync } = fs;
const temporaryDirectory = temporaryDirectories();

let path: string;
let disk: DiskReads;
let file: number;
/** What the clock shows, in ms, and what a read from here takes. */
let now: number;
let readMs: number;
let fromHere: jest.SpiedFunction<typeof fs.readSync>;

beforeEach(async () => {
  now = 1_000;
  readMs = 0.01;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  fromHere = jest.spyOn(fs, 'readSync').mockImplementation((...args: Parameters<typeof readSync>) => {
    now += readMs;
    return readSync(...args);
  });
  path = join(await temporaryDirectory(), 'a');
  await writeFile(path, '0123456789');
  disk = new DiskReads();
  file = await disk.open(path, constants.O_RDONLY);
});

afterEach(async () => {
  await disk.close(file);
  jest.restoreAllMocks();
});

async function readPart(): Promise<string> {
  const buffer = Buffer.alloc(4);
  expect(await disk.read(file, buffer, 0, 4, 3)).toBe(4);
  return buffer.toString();
}

describe('Reads of the disk', () => {
  it('are made from here after the thread pool had an answer', async () => {
    expect([await readPart(), await readPart()]).toEqual(['3456', '3456']);
    expect(fromHere).toHaveBeenCalledTimes(2);
  });

  it('go by the thread pool where its last answer is long ago: the disk may be away', async () => {
    now += 150;
    expect(await readPart()).toBe('3456');
    expect(fromHere).not.toHaveBeenCalled();
  });

  it('go by the thread pool where they are long', async () => {
    expect(await disk.read(file, Buffer.alloc(65_537), 0, 65_537, 0)).toBe(10);
    expect(fromHere).not.toHaveBeenCalled();
  });

  it('go by the thread pool for a second after one from here was slow', async () => {
    readMs = 2;
    await readPart();
    for (let others = 0; others < 5; others++) await readPart();
    expect(fromHere).toHaveBeenCalledTimes(1);
    now += 1_000;
    await readPart();
    await readPart();
    expect(fromHere).toHaveBeenCalledTimes(2);
  });

  it('go by the thread pool each time that those from here took 4 ms, so that others have their turn', async () => {
    readMs = 0.5;
    const reading = async (): Promise<void> => {
      for (let read = 0; read < 90; read++) await readPart();
    };
    const counting = new AbortController();
    const ended = reading().finally(() => {
      counting.abort();
    });
    let turns = 0;
    for (; !counting.signal.aborted; turns++) await nextTurn();
    await ended;
    expect(fromHere).toHaveBeenCalledTimes(80);
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  it.each([
    ['from here', 0],
    ['by the thread pool', 150],
  ])('say what is wrong, %s', async (_by, pauseMs) => {
    now += pauseMs;
    await expect(disk.open(`${path}/none`, constants.O_RDONLY)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
