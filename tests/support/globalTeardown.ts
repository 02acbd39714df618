import { startedCeph } from './startedCeph';

/** Stops the Ceph that `globalSetup` started, and removes its folder. */
export default async function globalTeardown(): Promise<void> {
  const ceph = startedCeph.current;
  if (ceph === undefined) return;
  startedCeph.current = undefined;
  delete process.env.S3_SYNC_CEPH_ENDPOINT;
  await ceph.run('wipe');
}
