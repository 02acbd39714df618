import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, PutObjectCommand } from '@aws-sdk/client-s3';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import { PlanDigest } from '../../server/src/sync/PlanDigest';
import type { PlannedOperation } from '../../server/src/sync/PlannedOperation';
import { previewSync, sync } from '../../server/src/sync/sync';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { runEngine, type EngineWish, type RunResult } from './runEngine';
import type { Store } from './stores';

export type { RunResult };

export interface SyncedDirectoryOptions {
  /** An existing bucket; a new one if absent. */
  bucketName?: string;
  prefix?: string;
  include?: string[];
  exclude?: string[];
  /** Keys in a page of a listing. */
  pageSize?: number;
  bucket?: Partial<BucketSettings>;
}

/** What a preview gave. */
export interface PreviewResult extends RunResult {
  operations: PlannedOperation[];
  told: PlannedOperation[];
  digest: string;
}

/** A directory on the disk and a bucket, synced by the engine without Strapi. */
export class SyncedDirectory {
  private constructor(
    readonly root: string,
    readonly bucketName: string,
    private readonly store: Store,
    private readonly options: SyncedDirectoryOptions,
  ) {}

  static async create(store: Store, options: SyncedDirectoryOptions = {}): Promise<SyncedDirectory> {
    const root = await mkdtemp(join(tmpdir(), 's3-sync-dir-'));
    await mkdir(join(root, 'uploads'));
    const bucketName = options.bucketName ?? (await store.createBucket());
    return new SyncedDirectory(root, bucketName, store, options);
  }

  /** One run of the engine, in SINGLE mode over both sides unless told otherwise. */
  async run(more: Partial<SyncOptions> = {}): Promise<RunResult> {
    return runEngine(sync, this.wish(), more);
  }

  /** What a run would do, by the engine's own word: in the order of keys, as it was told, and how it ended. */
  async preview(more: Partial<SyncOptions> = {}): Promise<PreviewResult> {
    const told: PlannedOperation[] = [];
    const digest = new PlanDigest();
    const onOperation = (one: PlannedOperation): void => {
      told.push(one);
      digest.add(one);
    };
    const result = await runEngine((options: SyncOptions) => previewSync(options, onOperation), this.wish(), more);
    const operations = [...told].sort((one, other) => (one.key < other.key ? -1 : 1));
    return { ...result, operations, told, digest: digest.digest() };
  }

  /** What an engine needs to know to sync this directory. */
  wish(): EngineWish {
    const { prefix = '', include = ['uploads/**'], exclude = ['**/.*', '**/.*/**'], pageSize } = this.options;
    const settings = this.store.settings(this.bucketName, { prefix, ...this.options.bucket });
    return { directory: this.root, settings, include, exclude, ...(pageSize === undefined ? {} : { pageSize }) };
  }

  path(key: string): string {
    return join(this.root, key);
  }

  /** Writes a file and sets its time back by an hour. */
  async write(key: string, content: string | Buffer): Promise<void> {
    await mkdir(dirname(this.path(key)), { recursive: true });
    await writeFile(this.path(key), content);
    const anHourAgo = Date.now() / 1000 - 3600;
    await utimes(this.path(key), anHourAgo, anHourAgo);
  }

  async read(key: string): Promise<string> {
    return readFile(this.path(key), 'utf8');
  }

  async ageInSeconds(key: string): Promise<number> {
    return (Date.now() - (await stat(this.path(key))).mtimeMs) / 1000;
  }

  async remove(key: string): Promise<void> {
    await rm(this.path(key), { recursive: true });
  }

  /** Puts an object there behind the engine's back; the key is the whole key. */
  async putObject(key: string, body: string | Buffer): Promise<void> {
    await this.store.client().send(new PutObjectCommand({ Bucket: this.bucketName, Key: key, Body: body }));
  }

  async deleteObject(key: string): Promise<void> {
    await this.store.client().send(new DeleteObjectCommand({ Bucket: this.bucketName, Key: key }));
  }

  /** The object's bytes and headers, read by the SDK alone. */
  async getObject(key: string): Promise<{ body: Buffer; contentType?: string; metadata: Record<string, string> }> {
    const answer = await this.store.client().send(new GetObjectCommand({ Bucket: this.bucketName, Key: key }));
    const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    return { body, contentType: answer.ContentType, metadata: answer.Metadata ?? {} };
  }

  /** All keys in the bucket but the owner mark, in its order. */
  async keysInBucket(): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of paginateListObjectsV2({ client: this.store.client() }, { Bucket: this.bucketName })) {
      for (const { Key } of page.Contents ?? []) if (Key && !Key.endsWith('.s3-sync/owner')) keys.push(Key);
    }
    return keys;
  }

  async dispose(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}
