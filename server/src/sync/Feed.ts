/** In place of a content, in the row of a delete that came before the file had reached the bucket. */
export const UNSYNCED = '';

/** One change in the bucket, as the instances tell each other. */
export interface FeedChange {
  key: string;
  action: 'put' | 'delete';
  /** MD5, in hex, of the content that was put or deleted; or `UNSYNCED`. */
  md5: string;
  /** MD5 of the content that was there before, where it is known: that content never wins again. */
  previousMd5?: string;
  /**
   * A person deleted the file by name (its media entry), and such deletes do not count for the guards; or a person took
   * it from the trash.
   */
  byName: boolean;
}

/** A change at its place in the feed. */
export interface FeedRow extends FeedChange {
  /** Later rows have greater ones. */
  position: number;
  /** Whose change it was. */
  directoryId: string;
}

/** What the feed says of the past of one key. */
export interface KeyPast {
  /** Content of the last delete, if the key was deleted and not put again since. */
  deletedMd5?: string;
  /** Contents that were replaced by others, or deleted before another one came, and not put again since. */
  supersededMd5s: ReadonlySet<string>;
  /**
   * Its media entry was deleted, and nobody took the file from the trash since. `unsynced`: on a server that had never
   * heard of the file, so that an upload after it is no new file.
   */
  entryDeleted?: 'synced' | 'unsynced';
  /** The last thing that was done with it: a person took it from the trash. */
  restored?: true;
  /** Position of the last row; none where no row names the key. */
  position?: number;
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
  /** A position up to which no row is still to come, as new as can be; 0 for an empty feed. */
  position(): Promise<number>;
}

/**
 * What the rows of one key say of its past. Pure.
 *
 * A put voids what was said before of the same content: a file that a person put again, or took from the trash, lives.
 * A delete that names no content is not voided by the upload of the very file that it meant, which may come later.
 *
 * @param rows all rows of one key, oldest first.
 * @param seen the rows that have nothing more to say.
 */
export function keyPast(rows: readonly FeedRow[], seen: SeenRows): KeyPast {
  const speaks = ({ position, directoryId }: FeedRow): boolean =>
    seen.position === undefined || (position > seen.position && directoryId !== seen.directoryId);
  const supersededMd5s = new Set<string>();
  let entryDeleted: KeyPast['entryDeleted'];
  const last = rows.at(-1);
  for (const row of rows) {
    if (row.action === 'delete' && row.md5 === UNSYNCED) {
      // A server is told by its own rows, too: the file was never there.
      if (seen.position === undefined || row.position > seen.position) entryDeleted = 'unsynced';
      continue;
    }
    if (row.action === 'delete' && row.byName && speaks(row)) entryDeleted ??= 'synced';
    if (row.action === 'put') {
      supersededMd5s.delete(row.md5);
      if (row.byName) entryDeleted = undefined;
    }
    const replaced = row.action === 'delete' && row !== last ? row.md5 : row.previousMd5;
    if (replaced !== undefined && speaks(row)) supersededMd5s.add(replaced);
  }
  const isDeleted = last?.action === 'delete' && last.md5 !== UNSYNCED && speaks(last);
  return {
    ...(isDeleted ? { deletedMd5: last.md5 } : {}),
    supersededMd5s,
    ...(entryDeleted === undefined ? {} : { entryDeleted }),
    ...(last?.action === 'put' && last.byName ? { restored: true } : {}),
    ...(last ? { position: last.position } : {}),
  };
}
