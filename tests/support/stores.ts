import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import { Ceph, isCephInstalled } from './Ceph';
import { startS3Server, type S3Server } from './s3-server/startS3Server';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** A store that tests run against. */
export interface Store {
  name: 'in-project' | 'ceph';
  endpoint: string;
  region: string;
  credentials: Credentials;
  /** Someone with an account and without rights on the first one's buckets. */
  secondUser: Credentials;
  /** The server itself, where it is the project's own. */
  server?: S3Server;
  /** Makes an empty bucket with a name of its own. */
  createBucket(): Promise<string>;
  /** A client of the SDK, apart from the code under test. */
  client(credentials?: Credentials): S3Client;
  /** Settings to open a bucket of this store. */
  settings(bucketName: string, more?: Partial<BucketSettings>): BucketSettings;
}

const FIRST_USER = { accessKeyId: 'testadmin', secretAccessKey: 'testadminsecret' };
const SECOND_USER = { accessKeyId: 'testuser', secretAccessKey: 'testusersecret' };
const HOW_TO_GET_CEPH =
  'Ceph is not installed, so these tests did not run on it. To run them: ' +
  'apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd';

/** The project's own S3 server, started for one test file. */
export async function startInProjectStore(): Promise<Store & { server: S3Server }> {
  const server = await startS3Server({
    credentials: {
      [FIRST_USER.accessKeyId]: FIRST_USER.secretAccessKey,
      [SECOND_USER.accessKeyId]: SECOND_USER.secretAccessKey,
    },
  });
  return { ...storeAt('in-project', server.endpoint), server };
}

/** A Ceph of a test file's own, whose gateway it may kill and pause; `undefined` where Ceph is not installed. */
export async function startOwnCeph(): Promise<(Store & { ceph: Ceph; stop(): Promise<void> }) | undefined> {
  if (!isCephInstalled()) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 's3-sync-own-ceph-'));
  const ceph = await Ceph.in(folder);
  await ceph.run('start');
  const stop = async (): Promise<void> => {
    await ceph.run('wipe');
    await rm(folder, { recursive: true, force: true });
  };
  return { ...storeAt('ceph', ceph.endpoint), ceph, stop };
}

/** The Ceph of this run, or `undefined` where there is none. */
export function cephStore(): Store | undefined {
  const endpoint = process.env.S3_SYNC_CEPH_ENDPOINT ?? '';
  return endpoint === '' ? undefined : storeAt('ceph', endpoint);
}

/**
 * Ceph where it is there, else the project's own server: for tests that take too long to run on both.
 *
 * @returns the store, and what ends it.
 */
export async function startRealestStore(): Promise<{ store: Store; close: () => Promise<void> }> {
  const ceph = cephStore();
  if (ceph !== undefined) return { store: ceph, close: () => Promise.resolve() };
  if (process.env.CI === 'true') throw new Error(HOW_TO_GET_CEPH);
  process.stderr.write(`SKIPPED ${HOW_TO_GET_CEPH}\n`);
  const store = await startInProjectStore();
  return { store, close: () => store.server.close() };
}

/** The name of the store that `startRealestStore` gives, for the name of a group of tests. */
export const REALEST_STORE: Store['name'] = cephStore() === undefined ? 'in-project' : 'ceph';

/**
 * Declares the same tests for every store: `<name> [in-project]` and `<name> [ceph]`.
 * Without Ceph a skipped test says how to get it, and fails where CI=true: there nothing may be left out in silence.
 *
 * @param define gets a function that returns the store; call it inside hooks and tests.
 */
export function describeEachStore(name: string, define: (store: () => Store) => void): void {
  describeInProjectStore(name, define);
  describe(`${name} [ceph]`, () => {
    const ceph = cephStore();
    if (ceph === undefined) declareMissingCeph();
    else define(() => ceph);
  });
}

function describeInProjectStore(name: string, define: (store: () => Store) => void): void {
  describe(`${name} [in-project]`, () => {
    let started: (Store & { server: S3Server }) | undefined;
    beforeAll(async () => {
      started = await startInProjectStore();
    });
    afterAll(() => started?.server.close());
    define(() => started ?? notStarted());
  });
}

/**
 * Declares tests that count requests: on the project's own server, which counts them too. `npm run test:long` alone
 * declares these for Ceph as well.
 *
 * @param define gets a function that returns the store; call it inside hooks and tests.
 */
export function describeCountingStore(name: string, define: (store: () => Store) => void): void {
  const declare = process.env.S3_SYNC_LONG === '1' ? describeEachStore : describeInProjectStore;
  declare(name, define);
}

/**
 * Declares tests of the whole plugin: on Ceph where it is there, else on the project's own server. The contract tests
 * hold both stores to the same behaviour, so `npm run test:long` alone declares these for both.
 *
 * @param define gets a function that returns the store; call it inside hooks and tests.
 */
export function describeRealestStore(name: string, define: (store: () => Store) => void): void {
  if (process.env.S3_SYNC_LONG === '1') {
    describeEachStore(name, define);
    return;
  }
  describe(`${name} [${REALEST_STORE}]`, () => {
    let started: Awaited<ReturnType<typeof startRealestStore>> | undefined;
    beforeAll(async () => {
      started = await startRealestStore();
    });
    afterAll(() => started?.close());
    define(() => started?.store ?? notStarted());
  });
}

/** A skipped test that says how to get Ceph; where CI=true it fails. */
export function declareMissingCeph(): void {
  if (process.env.CI === 'true') {
    test('needs Ceph', () => {
      throw new Error(HOW_TO_GET_CEPH);
    });
    return;
  }
  process.stderr.write(`SKIPPED ${HOW_TO_GET_CEPH}\n`);
  test.skip(HOW_TO_GET_CEPH, () => undefined);
}

function notStarted(): never {
  throw new Error('The store is there only inside hooks and tests.');
}

function storeAt(name: Store['name'], endpoint: string): Store {
  const region = 'us-east-1';
  const client = (credentials: Credentials = FIRST_USER): S3Client =>
    new S3Client({
      endpoint,
      region,
      credentials,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  return {
    name,
    endpoint,
    region,
    credentials: FIRST_USER,
    secondUser: SECOND_USER,
    client,
    createBucket: async () => {
      const bucketName = `s3-sync-test-${randomBytes(8).toString('hex')}`;
      const sdk = client();
      await sdk.send(new CreateBucketCommand({ Bucket: bucketName }));
      sdk.destroy();
      return bucketName;
    },
    settings: (bucketName, more) => ({
      bucketName,
      awsRegion: region,
      prefix: '',
      endpoint,
      forcePathStyle: true,
      concurrency: 16,
      credentials: FIRST_USER,
      ...more,
    }),
  };
}
