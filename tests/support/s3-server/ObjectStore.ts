import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SortedKeys } from './SortedKeys';

/** An object without its bytes. */
export interface StoredObject {
  key: string;
  size: number;
  etag: string;
  lastModifiedMs: number;
  /** Headers given back with it: content-type, cache-control, x-amz-meta-… */
  headers: Record<string, string>;
  /** Name of the file that holds the bytes; empty in memory. */
  file: string;
}

const storedObject = z.object({
  key: z.string(),
  size: z.number(),
  etag: z.string(),
  lastModifiedMs: z.number(),
  headers: z.record(z.string(), z.string()),
  file: z.string(),
});
const bucketRecord = z.object({ region: z.string(), owner: z.string().optional(), createdMs: z.number() });
type BucketRecord = z.infer<typeof bucketRecord>;

/** One bucket: an index in memory, and the bytes in memory or in a folder. */
export class StoredBucket {
  private readonly objects = new Map<string, StoredObject>();
  private readonly bodies = new Map<StoredObject, Buffer>();
  readonly keys: SortedKeys;

  /** @param folder where it is kept, or `undefined` for memory only. */
  constructor(
    readonly name: string,
    readonly record: BucketRecord,
    private readonly folder: string | undefined,
  ) {
    if (folder !== undefined) this.load(folder);
    this.keys = new SortedKeys(this.objects.keys());
  }

  get(key: string): StoredObject | undefined {
    return this.objects.get(key);
  }

  async body(object: StoredObject): Promise<Buffer> {
    if (this.folder !== undefined) return readFile(join(this.folder, object.file));
    return this.bodies.get(object) ?? Buffer.alloc(0);
  }

  /**
   * Writes an object whole or not at all.
   * @param check called in the same turn in which the object is replaced; its throw leaves everything as it was.
   */
  async put(
    key: string,
    body: Buffer,
    etag: string,
    headers: Record<string, string>,
    check: (current: StoredObject | undefined) => void,
  ): Promise<StoredObject> {
    const file = this.folder === undefined ? '' : `${hashOf(key)}.${randomUUID()}.body`;
    const lastModifiedMs = Math.floor(Date.now() / 1000) * 1000;
    const object = { key, size: body.length, etag, lastModifiedMs, headers, file };
    check(this.objects.get(key));
    if (this.folder !== undefined) await writeFile(join(this.folder, file), body);
    const before = this.objects.get(key);
    try {
      check(before);
    } catch (error) {
      if (this.folder !== undefined) await rm(join(this.folder, file), { force: true });
      throw error;
    }
    if (this.folder === undefined) this.bodies.set(object, body);
    else writeWhole(join(this.folder, `${hashOf(key)}.json`), JSON.stringify(object));
    this.objects.set(key, object);
    this.keys.add(key);
    if (before !== undefined) await this.dropBody(before);
    return object;
  }

  async delete(key: string): Promise<void> {
    const object = this.objects.get(key);
    if (object === undefined) return;
    this.objects.delete(key);
    this.keys.delete(key);
    if (this.folder !== undefined) rmSync(join(this.folder, `${hashOf(key)}.json`), { force: true });
    await this.dropBody(object);
  }

  private async dropBody(object: StoredObject): Promise<void> {
    this.bodies.delete(object);
    if (this.folder !== undefined) await rm(join(this.folder, object.file), { force: true });
  }

  private load(folder: string): void {
    for (const name of readdirSync(folder)) {
      if (!name.endsWith('.json') || name === 'bucket.json') continue;
      const object = storedObject.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      this.objects.set(object.key, object);
    }
  }
}

/** All buckets of a server, kept in memory or in a folder that outlives it. */
export class ObjectStore {
  private readonly stored = new Map<string, StoredBucket>();

  /** @param dataDir absolute path of the folder, or `undefined` for memory only. */
  constructor(private readonly dataDir: string | undefined) {
    if (dataDir === undefined) return;
    mkdirSync(dataDir, { recursive: true });
    for (const name of readdirSync(dataDir)) {
      const folder = join(dataDir, name);
      const record = bucketRecord.parse(JSON.parse(readFileSync(join(folder, 'bucket.json'), 'utf8')));
      this.stored.set(name, new StoredBucket(name, record, folder));
    }
  }

  buckets(): StoredBucket[] {
    return [...this.stored.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  bucket(name: string): StoredBucket | undefined {
    return this.stored.get(name);
  }

  /** @param owner access key id that alone may use it; everyone if absent. */
  createBucket(name: string, region: string, owner?: string): StoredBucket {
    const record = { region, owner, createdMs: Date.now() };
    const folder = this.dataDir === undefined ? undefined : join(this.dataDir, name);
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true });
      writeWhole(join(folder, 'bucket.json'), JSON.stringify(record));
    }
    const bucket = new StoredBucket(name, record, folder);
    this.stored.set(name, bucket);
    return bucket;
  }

  deleteBucket(name: string): void {
    this.stored.delete(name);
    if (this.dataDir !== undefined) rmSync(join(this.dataDir, name), { recursive: true, force: true });
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** A reader finds the old content or the new one, never a part. */
function writeWhole(path: string, content: string): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}
