/** One change in the bucket, as the instances tell each other. */
export interface FeedChange {
  key: string;
  action: 'put' | 'delete';
  /** MD5, in hex, of the content that was put or deleted. */
  md5: string;
  /** MD5 of the content that was there before, where it is known: that content never wins again. */
  previousMd5?: string;
  /** A person deleted the file by name (its media entry): such deletes do not count for the guards. */
  byName: boolean;
}

/** What the feed says of the past of one key. */
export interface KeyPast {
  /** Content of the last delete, if the key was deleted and not put again since. */
  deletedMd5?: string;
  /** Contents that were replaced by others. */
  supersededMd5s: ReadonlySet<string>;
}

/** The rows that have nothing more to say to a directory. */
export interface SeenRows {
  /** Rows up to here were seen; `undefined`: the directory has no base, and every row speaks. */
  position: number | undefined;
  /** A directory knows what it wrote itself, if it knows anything. */
  directoryId: string;
}

/** The change feed that the instances of a site share; it also holds the tombstones. */
export interface Feed {
  /** @param directoryId whose change it was. */
  append(changes: readonly FeedChange[], directoryId: string): Promise<void>;
  past(key: string, seen: SeenRows): Promise<KeyPast>;
  /** The position of the newest row; 0 for an empty feed. */
  position(): Promise<number>;
}
