import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { openBase } from '../../server/src/sync/base/LevelBase';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { describeRealestStore, startInProjectStore } from '../support/stores';
import { SyncedDirectory } from '../support/SyncedDirectory';

const LARGE = Buffer.alloc(9 * 1024 * 1024, 1);
const filter = { include: ['uploads/**'], exclude: ['**/.*', '**/.*/**'] };
const modes: [string, () => Partial<SyncOptions>][] = [
  ['SINGLE', () => ({})],
  ['MULTI', () => ({ mode: 'MULTI', multi: { feed: new MemoryFeed(), trashDays: 7 } })],
];

describeRealestStore('A large upload of a killed run', (store) => {
  test.each(modes)('is aborted by the next run, and no other one is (%s)', async (_mode, more) => {
    const site = await SyncedDirectory.create(store());
    try {
      await site.write('uploads/x.bin', 'x');
      await site.run(more());
      const client = store().client();
      const begin = async (key: string): Promise<string> => {
        const command = new CreateMultipartUploadCommand({ Bucket: site.bucketName, Key: key });
        return (await client.send(command)).UploadId ?? '';
      };
      const foreign = await begin('uploads/x.bin');
      const uploadId = await begin('uploads/x.bin');
      const { bucketName, endpoint = '' } = store().settings(site.bucketName);
      const identity = { bucketName, endpoint, prefix: '' };
      const base = await openBase({ stateDirectory: site.path('uploads/.s3-sync'), identity, filter });
      await base.begin(['uploads/x.bin'], { action: 'upload', at: 1, uploadId });
      await base.close();
      expect(await site.run(more())).toMatchObject({ status: 'done', requests: { AbortMultipartUpload: 1 } });
      const left = await client.send(new ListMultipartUploadsCommand({ Bucket: site.bucketName }));
      expect(left.Uploads?.map((one) => one.UploadId)).toEqual([foreign]);
      expect((await site.run(more())).requests).not.toHaveProperty('AbortMultipartUpload');
    } finally {
      await site.dispose();
    }
  });
});

describe('A large upload that could not be aborted [in-project]', () => {
  test.each(modes)('is aborted by the next run, where the right for it came meanwhile (%s)', async (_mode, more) => {
    const store = await startInProjectStore();
    const { server } = store;
    const site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 1 } });
    try {
      await site.write('uploads/large.bin', LARGE);
      server.fault({ kind: 'status', status: 500, match: { operation: 'UploadPart', nth: 2 } });
      server.fault({ kind: 'reset', match: { operation: 'AbortMultipartUpload' } });
      expect(await site.run(more())).toMatchObject({ uploaded: 0 });
      expect(server.listUploads(site.bucketName)).toHaveLength(1);
      server.clearFaults();
      expect(await site.run(more())).toMatchObject({ status: 'done', uploaded: 1 });
      expect(server.listUploads(site.bucketName)).toEqual([]);
      expect((await site.getObject('uploads/large.bin')).body.equals(LARGE)).toBe(true);
    } finally {
      await site.dispose();
      await server.close();
    }
  });

  test('does not stop a run that lacks the right to abort', async () => {
    const store = await startInProjectStore();
    const { server } = store;
    const site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 1 } });
    try {
      await site.write('uploads/large.bin', LARGE);
      server.fault({ kind: 'status', status: 500, match: { operation: 'UploadPart', nth: 2 } });
      server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'AbortMultipartUpload' } });
      await site.run();
      expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1 });
    } finally {
      await site.dispose();
      await server.close();
    }
  });
});
