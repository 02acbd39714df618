import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ceph, isCephInstalled } from './Ceph';
import { startedCeph } from './startedCeph';

/**
 * Starts one Ceph for the whole run, where it is installed. With S3_SYNC_CEPH_ENDPOINT set, that one is used instead;
 * where there is none, the tests say so themselves.
 */
export default async function globalSetup(): Promise<void> {
  if ((process.env.S3_SYNC_CEPH_ENDPOINT ?? '') !== '' || !isCephInstalled()) return;
  const ceph = await Ceph.in(await mkdtemp(join(tmpdir(), 's3-sync-ceph-')));
  startedCeph.current = ceph;
  await ceph.run('start');
  process.env.S3_SYNC_CEPH_ENDPOINT = ceph.endpoint;
}
