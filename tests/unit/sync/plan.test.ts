import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Base, BaseEntry } from '../../../server/src/sync/base/Base';
import { openBase } from '../../../server/src/sync/base/LevelBase';
import type { RemoteObject } from '../../../server/src/sync/bucket/Bucket';
import { createKeyFilter } from '../../../server/src/sync/KeyFilter';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { md5Of } from '../../../server/src/sync/md5Of';
import { plan, type Planned, type PlanInput } from '../../../server/src/sync/plan';
import { remoteObject } from './support/entries';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const filter = createKeyFilter({ include: ['uploads/**'], exclude: ['uploads/private/**'] });

async function* pages(...objects: RemoteObject[]): AsyncIterable<RemoteObject[]> {
  for (const object of objects) yield [object];
}

/** What a plan says, one line a key. */
async function planned(input: Omit<PlanInput, 'mode' | 'filter'>): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of plan({ mode: 'SINGLE', filter, ...input })) lines.push(...batch.map(lineOf));
  return lines;
}

function lineOf(item: Planned): string {
  if (item.kind === 'problem') return `! ${item.failure.code} ${item.failure.key ?? ''}`;
  return `${item.sides.key}: ${item.decision.row} ${item.decision.action}`;
}

describe('plan', () => {
  let directory: string;
  let local: LocalDirectory;
  let base: Base;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    await mkdir(join(directory, 'uploads'));
    local = new LocalDirectory(directory);
    const identity = { bucketName: 'b', endpoint: '', prefix: '' };
    base = await openBase({ stateDirectory: await temporaryDirectory(), identity, filter: filter.options });
  });

  afterEach(async () => {
    await base.close();
  });

  /** A file that both sides and base agree on. */
  async function synced(key: string): Promise<RemoteObject> {
    await writeFile(join(directory, key), key);
    const fingerprint = await local.stat(key);
    if (!fingerprint) throw new Error('The file is missing.');
    const md5 = md5Of(Buffer.from(key));
    const entry: BaseEntry = { fingerprint, etag: md5, md5, racy: false };
    await base.settle([{ key, entry }]);
    return remoteObject(key, { size: fingerprint.size, etag: md5 });
  }

  it('says for every key what is to be done, in order', async () => {
    await writeFile(join(directory, 'uploads/new'), 'x');
    const kept = await synced('uploads/kept');
    const listing = pages(kept, remoteObject('uploads/old'));
    expect(await planned({ local, listing, base, unsettled: new Map() })).toEqual([
      'uploads/kept: S2 none',
      'uploads/new: S1 upload',
      'uploads/old: S7 delete-remote',
    ]);
  });

  it('trusts nothing of a key whose last operation was cut off', async () => {
    const objects = [await synced('uploads/a'), await synced('uploads/b')];
    const unsettled = new Map([['uploads/b', { action: 'upload' as const, at: 0 }]]);
    expect(await planned({ local, listing: pages(...objects), base, unsettled })).toEqual([
      'uploads/a: S2 none',
      'uploads/b: S4 compare',
    ]);
  });

  it('never speaks of objects that the filter leaves out', async () => {
    const listing = pages(
      remoteObject('other/x'),
      remoteObject('uploads-backup/x'),
      remoteObject('uploads/.s3-sync/x'),
      remoteObject('uploads/private/x'),
      remoteObject('uploads/private/../x'),
      remoteObject('../etc/passwd'),
    );
    expect(await planned({ local, listing, base, unsettled: new Map() })).toEqual([]);
  });

  it.each([
    'uploads/../../etc/passwd',
    'uploads/./x',
    'uploads/a/..',
    'uploads//x',
    'uploads/a//',
    `uploads/${'x'.repeat(256)}`,
  ])('reports an object that cannot be a file and leaves it alone: %j', async (key) => {
    const lines = await planned({ local, listing: pages(remoteObject(key)), base, unsettled: new Map() });
    expect(lines).toEqual([`! UNSAFE_KEY ${key}`]);
  });

  it('reports an object that cannot be a file also between others, and at the end', async () => {
    const listing = pages(
      remoteObject('uploads/a'),
      remoteObject('uploads/b//x'),
      remoteObject('uploads/c'),
      remoteObject('uploads/d//x'),
    );
    const lines = await planned({ local, listing, base, unsettled: new Map() });
    expect(lines.filter((line) => line.startsWith('!'))).toEqual([
      '! UNSAFE_KEY uploads/b//x',
      '! UNSAFE_KEY uploads/d//x',
    ]);
    expect(lines.filter((line) => !line.startsWith('!'))).toEqual([
      'uploads/a: S7 delete-remote',
      'uploads/c: S7 delete-remote',
    ]);
  });

  it('passes over the empty objects that show folders, but not over one that holds something', async () => {
    const listing = pages(remoteObject('uploads/a/', { size: 0 }), remoteObject('uploads/b/', { size: 1 }));
    expect(await planned({ local, listing, base, unsettled: new Map() })).toEqual(['! UNSAFE_KEY uploads/b/']);
  });

  it('does nothing about what it could not look at', async () => {
    await synced('uploads/a');
    await symlink('nowhere', join(directory, 'uploads/link'));
    const objects = ['uploads/link', 'uploads/link/x'].map((key) => remoteObject(key));
    const lines = await planned({ local, listing: pages(...objects), base, unsettled: new Map() });
    expect(lines.filter((line) => !line.startsWith('!'))).toEqual([
      'uploads/a: S1 upload',
      'uploads/link: unknown none',
      'uploads/link/x: unknown none',
    ]);
  });

  it('reports one link once', async () => {
    await symlink('nowhere', join(directory, 'uploads/link'));
    const lines = await planned({ local, listing: pages(), base, unsettled: new Map() });
    expect(lines.filter((line) => line.startsWith('!'))).toEqual(['! SYMLINK uploads/link']);
  });

  it('fails where the directory is away', async () => {
    const away = new LocalDirectory(join(directory, 'away'));
    await expect(planned({ local: away, listing: pages(), base, unsettled: new Map() })).rejects.toMatchObject({
      code: 'DIRECTORY_MISSING',
    });
  });
});
