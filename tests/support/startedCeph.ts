import type { Ceph } from './Ceph';

declare global {
  // Jest loads setup and teardown as separate module graphs; the global object is what they share.
  var s3SyncStartedCeph: Ceph | undefined;
}

/** The Ceph of this run, if the run started it itself. */
export const startedCeph = {
  get current(): Ceph | undefined {
    return globalThis.s3SyncStartedCeph;
  },
  set current(ceph: Ceph | undefined) {
    globalThis.s3SyncStartedCeph = ceph;
  },
};
