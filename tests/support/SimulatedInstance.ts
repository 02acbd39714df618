import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { closeBase } from './CountedBase';

const trashRecord = z.object({ key: z.string(), why: z.string() });

/** A server of the simulated site: a real directory, its base, and what its process remembers. */
export class SimulatedInstance {
  readonly root: string;
  /** Rows of the feed up to here were read. */
  feedCursor = 0;
  /** Keys of media events that wait for their run; they die with the process. */
  mediaEvents = new Set<string>();
  /** Keys an editor changed here, until the bucket holds the same. */
  readonly pending = new Set<string>();
  /** Keys an editor changed here since the last run began. */
  readonly changedSince = new Set<string>();
  /** Files that went away while the base stayed, with what was in them. */
  readonly lostFiles = new Map<string, string>();
  /** The base was lost, and no whole run has made a new one yet: what changes meanwhile cannot be told from the old. */
  isBaseless = false;
  /** A backup took the place of the files since the last run: keys of which it brought old contents. */
  restored: { old: readonly string[] } | undefined;
  /** Keys of files that a killed run fetched and could not note: for the base they never came. */
  readonly unnoted = new Set<string>();
  /** Those of the lost files that the base knows. */
  knownLost: readonly string[] = [];
  /** Deletes inferred from absence that were reported since the base was made. */
  inferredDeletes = { remote: 0, local: 0 };

  /** @param parent folder in which the directory is made. */
  constructor(parent: string) {
    this.root = mkdtempSync(join(parent, 'instance-'));
    mkdirSync(join(this.root, 'uploads'));
  }

  get stateDirectory(): string {
    return join(this.root, 'uploads', '.s3-sync');
  }

  /** What the engine calls the directory; `undefined` before its first run. */
  get id(): string | undefined {
    return readIfThere(join(this.stateDirectory, 'directory-id'))?.trim();
  }

  path(key: string): string {
    return join(this.root, key);
  }

  read(key: string): string | undefined {
    return readIfThere(this.path(key));
  }

  /**
   * As an editor's program does it.
   * @param inPlace writes into the old file; otherwise a new file takes its place.
   */
  write(key: string, content: string, mtimeMs: number, inPlace: boolean): void {
    mkdirSync(dirname(this.path(key)), { recursive: true });
    const target = inPlace ? this.path(key) : join(this.root, 'being-written');
    writeFileSync(target, content);
    utimesSync(target, mtimeMs / 1000, mtimeMs / 1000);
    if (!inPlace) renameSync(target, this.path(key));
  }

  touch(key: string, mtimeMs: number): void {
    utimesSync(this.path(key), mtimeMs / 1000, mtimeMs / 1000);
  }

  rename(from: string, to: string): void {
    mkdirSync(dirname(this.path(to)), { recursive: true });
    renameSync(this.path(from), this.path(to));
  }

  remove(key: string): void {
    rmSync(this.path(key));
  }

  /** What can be found in the trash under this key. */
  trashed(key: string): { content: string; why: string }[] {
    const folder = join(this.stateDirectory, 'trash');
    return namesIn(folder).flatMap((name) => {
      if (!name.endsWith('.json')) return [];
      const record = recordIn(join(folder, name));
      const content = readIfThere(join(folder, name.slice(0, -'.json'.length)));
      return record?.key === key && content !== undefined ? [{ content, why: record.why }] : [];
    });
  }

  /** The end of the process. */
  async stop(): Promise<void> {
    this.mediaEvents.clear();
    await closeBase(this.stateDirectory);
  }

  /** Takes the base and the trash away. */
  async loseState(): Promise<void> {
    await this.stop();
    rmSync(this.stateDirectory, { recursive: true, force: true });
    this.inferredDeletes = { remote: 0, local: 0 };
    this.isBaseless = true;
    this.knownLost = [];
    this.restored = undefined;
    this.unnoted.clear();
  }

  /** An editor changed a file here. */
  noteChange(key: string): void {
    this.pending.add(key);
    this.changedSince.add(key);
  }

  /** Whether the next run notices the loss of files, whatever came into the directory since. */
  get isLossNoticed(): boolean {
    return this.knownLost.filter((key) => this.read(key) === undefined).length > 1;
  }

  /** Whether the base can tell what an editor does to this key from what was there before. */
  knows(key: string): boolean {
    return !this.isBaseless && !this.unnoted.has(key);
  }

  /** Takes all files away; the base stays. */
  loseFiles(): void {
    for (const name of namesIn(join(this.root, 'uploads'))) {
      if (name !== '.s3-sync') rmSync(join(this.root, 'uploads', name), { recursive: true });
    }
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

function recordIn(path: string): z.infer<typeof trashRecord> | undefined {
  const text = readIfThere(path);
  // A record of a process that was killed while it wrote it.
  return text === undefined || text === '' ? undefined : trashRecord.parse(JSON.parse(text));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
