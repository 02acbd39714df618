import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Bucket } from '../../../server/src/sync/bucket/Bucket';
import { openBucket } from '../../../server/src/sync/bucket/S3Bucket';
import { fetchObject, type FetchedObject } from '../../../server/src/sync/fetchObject';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { LocalWriter } from '../../../server/src/sync/local/LocalWriter';
import { Trash } from '../../../server/src/sync/local/Trash';
import { md5Of } from '../../../server/src/sync/md5Of';
import { startInProjectStore } from '../../support/stores';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const MIB = 1024 * 1024;
const KEY = 'uploads/large.bin';
const content = randomBytes(24 * MIB);

describe('a large object', () => {
  let store: Awaited<ReturnType<typeof startInProjectStore>>;
  let bucket: Bucket;
  let root: string;
  let writer: LocalWriter;

  beforeAll(async () => {
    store = await startInProjectStore();
  });
  beforeEach(async () => {
    const bucketName = await store.createBucket();
    await store.server.putObject(bucketName, KEY, content);
    bucket = openBucket(store.settings(bucketName));
    root = await temporaryDirectory();
    await mkdir(join(root, 'uploads', '.s3-sync'), { recursive: true });
    writer = new LocalWriter(new LocalDirectory(root), new Trash(join(root, 'uploads', '.s3-sync')));
  });
  afterEach(() => {
    store.server.clearFaults();
    bucket.close();
  });
  afterAll(() => store.server.close());

  const fetched = (onBytes: (bytes: number) => void = () => undefined, signal?: AbortSignal): Promise<FetchedObject> =>
    fetchObject({ bucket, writer, onBytes, signal }, KEY, md5Of(content));
  const names = (): Promise<string[]> => readdir(join(root, 'uploads'));

  it('arrives whole, with its MD5, and every byte is told of', async () => {
    let told = 0;
    const { temporary, md5 } = await fetched((bytes) => (told += bytes));
    expect(md5).toBe(md5Of(content));
    expect(told).toBe(content.length);
    expect((await readFile(temporary.path)).equals(content)).toBe(true);
  });

  it('that is cut on its way goes on where it was cut', async () => {
    store.server.fault({ kind: 'cut-body', match: { operation: 'GetObject' }, times: 1 });
    const { temporary } = await fetched();
    expect((await readFile(temporary.path)).equals(content)).toBe(true);
    expect(bucket.requests()).toEqual({ GetObject: 2 });
  });

  it('with a wrong byte is noticed, and nothing is left of it', async () => {
    const get = bucket.get.bind(bucket);
    jest.spyOn(bucket, 'get').mockImplementationOnce(async (...args: Parameters<Bucket['get']>) => {
      const { head, body } = await get(...args);
      body.destroy();
      const wrong = Buffer.from(content);
      wrong.writeUInt8(wrong.readUInt8(12 * MIB) ^ 1, 12 * MIB);
      return { head, body: Readable.from(wrong, { objectMode: false }) };
    });
    await expect(fetched()).rejects.toMatchObject({ code: 'INTEGRITY', key: KEY });
    expect(await names()).toEqual(['.s3-sync']);
  });

  it('that is cancelled in the middle ends at once, and nothing is left of it', async () => {
    const controller = new AbortController();
    const fetching = fetched(() => {
      controller.abort();
    }, controller.signal);
    await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await names()).toEqual(['.s3-sync']);
  });
});
