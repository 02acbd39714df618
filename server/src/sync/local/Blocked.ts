import { SyncError } from '../SyncError';

/** A file cannot be put in its place, because a file stands where it needs a folder, or a folder where it belongs. */
export class Blocked extends SyncError {
  /** The file that was to be put there. */
  readonly blockedKey: string;
  /** What is in the way: a file above it, or a folder of the same name. */
  readonly blocker: string;

  constructor(key: string, blocker: string) {
    const what = key === blocker ? 'a folder of that name' : `the file ${blocker}`;
    super('UNSAFE_KEY', {
      message: `${key} cannot be put in its place: ${what} is in the way.`,
      fix: 'Rename or delete one of the two, here or in the bucket.',
      key,
    });
    this.blockedKey = key;
    this.blocker = blocker;
  }

  /** A folder stands where the file belongs. */
  get isByFolder(): boolean {
    return this.blockedKey === this.blocker;
  }
}
