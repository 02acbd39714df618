import { link, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Arrival } from '../../../server/src/serve/Arrival';
import type { ObjectHead } from '../../../server/src/sync/bucket/Bucket';
import { temporaryDirectories } from '../sync/support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const SIZE = 2 * 1024 * 1024;
const BYTES = Buffer.alloc(SIZE, 'b');

describe('a file that is read along while it arrives', () => {
  let target: string;
  let temporary: string;
  let arrival: Arrival;

  beforeEach(async () => {
    const directory = await temporaryDirectory();
    target = join(directory, 'file.bin');
    temporary = join(directory, 'temporary');
    arrival = new Arrival(target);
    await begin();
  });

  async function begin(): Promise<void> {
    await writeFile(temporary, BYTES);
    const head: ObjectHead = { size: SIZE, etag: 'e', lastModifiedMs: 0, contentType: undefined, metadata: {} };
    arrival.begin(head, temporary);
    arrival.written(SIZE);
  }

  /** A part that nobody gets before the whole is verified. */
  const readTail = () => buffer(arrival.read(SIZE - 10, SIZE - 1));

  test('its last bytes are read from the file in its place', async () => {
    const tail = readTail();
    await link(temporary, target);
    await rm(temporary);
    arrival.end('here');
    expect(await tail).toEqual(BYTES.subarray(SIZE - 10));
  });

  test('what was written in its place meanwhile is not sent for it', async () => {
    const tail = readTail();
    await writeFile(target, Buffer.alloc(SIZE, 'l'));
    await rm(temporary);
    arrival.end('here');
    await expect(tail).rejects.toMatchObject({ status: 503, headers: { 'Cache-Control': 'no-store' } });
  });

  test('a file that was cut after it came is not sent for it', async () => {
    const tail = readTail();
    await rename(temporary, target);
    await writeFile(target, Buffer.alloc(SIZE - 5, 'l'));
    arrival.end('here');
    await expect(tail).rejects.toMatchObject({ status: 503 });
  });

  test('after an attempt that failed, the next one is waited for, whatever stands in the place', async () => {
    await rm(temporary);
    await writeFile(target, Buffer.alloc(SIZE, 'l'));
    const start = buffer(arrival.read(0, 9));
    await new Promise(setImmediate);
    await begin();
    expect(await start).toEqual(BYTES.subarray(0, 10));
    arrival.end('unavailable');
  });
});
