import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ceph, isCephInstalled } from '../tests/support/Ceph';
import { cephStore, type Store } from '../tests/support/stores';

/** Lends a Ceph RADOS Gateway of its own to a piece of work. */
export async function withCeph(work: (store: Store) => Promise<void>): Promise<void> {
  if (!isCephInstalled())
    throw new Error('Ceph is needed: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd');
  const folder = await mkdtemp(path.join(tmpdir(), 's3-sync-bench-ceph-'));
  // Rounds with files of 1 GiB: a store that is full waits for ever.
  process.env.S3_MEMSTORE_BYTES = String(16 * 2 ** 30);
  const ceph = await Ceph.in(folder);
  await ceph.run('start');
  try {
    process.env.S3_SYNC_CEPH_ENDPOINT = ceph.endpoint;
    const store = cephStore();
    if (store === undefined) throw new Error('Ceph did not start.');
    await work(store);
  } finally {
    await ceph.run('stop');
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a command's work; an error ends it with the code 1. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  });
}
