import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startInProjectStore, type Store } from '../support/stores';
import { SyncedDirectory } from '../support/SyncedDirectory';

const NAMES = Array.from({ length: 20 }, (_, index) => `uploads/gone-${index}.txt`);

let store: Store & { server: S3Server };
beforeAll(async () => {
  store = await startInProjectStore();
});
afterAll(() => store.server.close());

describe.each<[string, () => Partial<SyncOptions>]>([
  ['SINGLE', () => ({ mode: 'SINGLE' })],
  ['MULTI', () => ({ mode: 'MULTI', multi: { feed: new MemoryFeed(), trashDays: 7 } })],
])('what still waits to be deleted by name when everything is looked at, in %s mode', (_mode, makeOptions) => {
  let site: SyncedDirectory;
  let options: Partial<SyncOptions>;

  beforeEach(async () => {
    site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 1 } });
    options = makeOptions();
    for (const key of NAMES) await site.write(key, key);
    await site.write('uploads/stays.txt', 'stays');
    expect(await site.run(options)).toMatchObject({ status: 'done', uploaded: 21 });
    for (const key of NAMES) await site.remove(key);
    await site.write('uploads/new.txt', 'new');
  });
  afterEach(async () => {
    store.server.clearFaults();
    await site.dispose();
  });

  test.each(['whole', 'local'] as const)('goes first, and counts for no guard (%s)', async (kind) => {
    expect(await site.run({ ...options, scope: { kind } })).toMatchObject({ status: 'refused', deletedRemote: 0 });
    const run = await site.run({ ...options, scope: { kind, deleted: NAMES } });
    expect(run).toMatchObject({ status: 'done', deletedRemote: 20 });
    expect(await site.keysInBucket()).toEqual(['uploads/new.txt', 'uploads/stays.txt']);
  });

  test('is not taken for missing where the store still refuses it, and the rest is done', async () => {
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'DeleteObjects' } });
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'DeleteObject' } });
    const run = await site.run({ ...options, scope: { kind: 'local', deleted: NAMES } });
    expect(run).toMatchObject({ status: 'partial', uploaded: 1, deletedRemote: 0 });
    expect(await site.keysInBucket()).toHaveLength(22);
  });

  test('and is refused for good keeps no other file from being deleted', async () => {
    const other = await SyncedDirectory.create(store, { bucket: { maxAttempts: 1 } });
    const names = ['refused', 'missing', 'a', 'b', 'c', 'd', 'e', 'f'].map((name) => `uploads/${name}.txt`);
    for (const key of names) await other.write(key, key);
    const its = makeOptions();
    await other.run(its);
    const [refused = '', missing = ''] = names;
    for (const key of [refused, missing]) await other.remove(key);
    const fault = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
    store.server.fault({ ...fault, match: { operation: 'DeleteObject', key: refused } });
    store.server.fault({ ...fault, match: { operation: 'DeleteObjects' }, times: 1 });
    const run = await other.run({ ...its, scope: { kind: 'local', deleted: [refused] } });
    expect(run).toMatchObject({ status: 'partial', failed: 1, withheld: 0, deletedRemote: 1 });
    expect(await other.keysInBucket()).toContain(refused);
    expect(await other.keysInBucket()).not.toContain(missing);
    await other.dispose();
  });
});
