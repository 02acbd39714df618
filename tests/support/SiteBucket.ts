import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { errorCode } from '../../server/src/sync/errorCode';
import type { Store } from './stores';
import { waitUntil } from './waitUntil';

/** No sync by the clock: a scan, or the regular run at a minute of the site's own, could come between two steps of a test. */
export const NO_TIMERS = { scanEvery: 0, reconcileCron: null };

/** A bucket and the public folder of a site that should be the same. */
export class SiteBucket {
  /** Of objects in parts, by key and ETag. */
  readonly #md5s = new Map<string, string>();

  private constructor(
    readonly store: Store,
    readonly name: string,
  ) {}

  static async create(store: Store): Promise<SiteBucket> {
    return new SiteBucket(store, await store.createBucket());
  }

  /** What config/plugins needs to reach the store, without bucket, region and mode. */
  connection(): Record<string, unknown> {
    const { endpoint, credentials } = this.store;
    const { accessKeyId, secretAccessKey } = credentials;
    return { endpoint, forcePathStyle: true, accessKeyId, secretAccessKey };
  }

  /** The same with bucket, region and mode: ready to sync. */
  config(more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      ...this.connection(),
      bucketName: this.name,
      awsRegion: this.store.region,
      mode: 'SINGLE',
      syncOn: { coalesceSeconds: 0.2 },
      ...more,
    };
  }

  /** Puts an object there behind the plugin's back. */
  async put(key: string, body: string): Promise<void> {
    const client = this.store.client();
    await client.send(new PutObjectCommand({ Bucket: this.name, Key: key, Body: body }));
    client.destroy();
  }

  /** Deletes an object behind the plugin's back. */
  async remove(key: string): Promise<void> {
    const client = this.store.client();
    await client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key }));
    client.destroy();
  }

  /** MD5 by key of all that is below `uploads/`: the ETag, or of the bytes where an object came in parts. */
  async objects(): Promise<Record<string, string>> {
    const client = this.store.client();
    const found: Record<string, string> = {};
    for await (const page of paginateListObjectsV2({ client }, { Bucket: this.name, Prefix: 'uploads/' })) {
      for (const { Key = '', ETag = '' } of page.Contents ?? []) {
        const etag = ETag.replaceAll('"', '');
        found[Key] = etag.includes('-') ? await this.#md5Of(client, Key, etag) : etag;
      }
    }
    client.destroy();
    return found;
  }

  async #md5Of(client: S3Client, key: string, etag: string): Promise<string> {
    const version = `${key} ${etag}`;
    const known = this.#md5s.get(version);
    if (known !== undefined) return known;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: this.name, Key: key }));
    const md5 = createHash('md5')
      .update((await Body?.transformToByteArray()) ?? '')
      .digest('hex');
    this.#md5s.set(version, md5);
    return md5;
  }

  /** Waits until the bucket holds exactly the files of the folder, byte for byte. Returns their keys. */
  async waitUntilInStep(publicDir: string): Promise<string[]> {
    let state = '';
    try {
      return await waitUntil('the bucket equals the directory', async () => {
        const local = localFiles(publicDir);
        const remote = await this.objects();
        state = JSON.stringify({ local, remote });
        return sameRecord(local, remote) ? Object.keys(local) : undefined;
      });
    } catch (error) {
      throw new Error(`The bucket does not equal the directory: ${state}`, { cause: error });
    }
  }
}

/** MD5 by key of the files in `uploads/`; names that begin with a dot are left out. */
export function localFiles(publicDir: string): Record<string, string> {
  const names = readdirSync(join(publicDir, 'uploads')).filter((name) => !name.startsWith('.'));
  const found: Record<string, string> = {};
  for (const name of names) {
    try {
      const bytes = readFileSync(join(publicDir, 'uploads', name));
      found[`uploads/${name}`] = createHash('md5').update(bytes).digest('hex');
    } catch (error) {
      // It went away meanwhile, as files do while servers are at work.
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return found;
}

function sameRecord(one: Record<string, string>, other: Record<string, string>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
