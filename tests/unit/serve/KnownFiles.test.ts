import { rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KnownFiles } from '../../../server/src/serve/KnownFiles';
import type { Serving } from '../../../server/src/serve/Serving';
import type { Base } from '../../../server/src/sync/base/Base';
import { openBase } from '../../../server/src/sync/base/LevelBase';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { md5Of } from '../../../server/src/sync/md5Of';
import { pause, waitUntil } from '../../support/waitUntil';
import { temporaryDirectories } from '../sync/support/temporaryDirectories';
import { makeServing } from './support/makeServing';

const temporaryDirectory = temporaryDirectories();
const KEY = 'uploads/a.txt';

describe('files that are surely in the bucket as they are here', () => {
  let serving: Serving;
  let base: Base;
  let known: KnownFiles;
  let warnings: string[];

  beforeEach(async () => {
    serving = await makeServing(await temporaryDirectory());
    base = await openBase(serving.base);
    warnings = [];
    known = makeKnown(async () => base);
  });
  afterEach(() => base.close());

  /** @param open gives the base, throws, or gives nothing where another process has it. */
  function makeKnown(open: () => Promise<Base | undefined>): KnownFiles {
    return new KnownFiles(
      {
        use: async (_serving, work) => {
          const opened = await open();
          return opened && work({ base: opened, directoryId: 'id' });
        },
      },
      { warn: (message) => warnings.push(message) },
    );
  }

  /** A file that was uploaded as it is, an hour old. */
  async function addFile(text: string, racy = false): Promise<void> {
    const path = join(serving.directory, KEY);
    await writeFile(path, text);
    await utimes(path, Date.now() / 1_000 - 3_600, Date.now() / 1_000 - 3_600);
    const fingerprint = await new LocalDirectory(serving.directory).stat(KEY);
    if (fingerprint === undefined) throw new Error('The file is not there.');
    await base.settle([{ key: KEY, entry: { fingerprint, racy, etag: 'e', md5: md5Of(Buffer.from(text)) } }]);
  }

  async function look(): Promise<string> {
    if (known.look(serving, KEY).kind === 'ask') await known.learn(serving, [KEY]);
    const found = known.look(serving, KEY);
    return found.kind === 'known' ? found.md5 : found.kind;
  }

  test('what base knows and is the same on the disk is known, and base is asked once', async () => {
    await addFile('text');
    expect(await look()).toBe(md5Of(Buffer.from('text')));
    expect(known.look(serving, KEY).kind).toBe('known');
  });

  test('what base does not know, or knows of something that is not ended, is not', async () => {
    expect(await look()).toBe('unknown');
    await addFile('text');
    known.forget([KEY]);
    await base.begin([KEY], { action: 'delete-local', at: 1 });
    expect(await look()).toBe('unknown');
  });

  test('a change on the disk is seen at once, and the new content when it was uploaded', async () => {
    await addFile('first');
    expect(await look()).toBe(md5Of(Buffer.from('first')));
    await writeFile(join(serving.directory, KEY), 'later');
    expect(await look()).toBe('unknown');
    await addFile('later');
    known.forget([KEY]);
    expect(await look()).toBe(md5Of(Buffer.from('later')));
    await rm(join(serving.directory, KEY));
    expect(await look()).toBe('unknown');
  });

  test('a change that leaves size and time as they were is seen at once', async () => {
    await addFile('first');
    expect(await look()).toBe(md5Of(Buffer.from('first')));
    const path = join(serving.directory, KEY);
    const { atime, mtime } = await stat(path);
    await writeFile(path, 'other');
    await utimes(path, atime, mtime);
    expect(known.look(serving, KEY).kind).toBe('ask');
    expect(await look()).toBe('unknown');
  });

  test('a file that was uploaded while it was fresh is read once more first', async () => {
    await addFile('fresh', true);
    expect(await look()).toBe('unknown');
    await waitUntil('it was read beside the answers', async () =>
      known.look(serving, KEY).kind === 'known' ? true : undefined,
    );
    expect(await look()).toBe(md5Of(Buffer.from('fresh')));
  });

  test('it is read once, however often it is asked for meanwhile', async () => {
    await addFile('fresh', true);
    const open = jest.spyOn(LocalDirectory.prototype, 'open');
    for (let asked = 0; asked < 3; asked += 1) await known.learn(serving, [KEY]);
    await waitUntil('it was read beside the answers', async () =>
      known.look(serving, KEY).kind === 'known' ? true : undefined,
    );
    await pause(100);
    expect(open).toHaveBeenCalledTimes(1);
    open.mockRestore();
  });

  test('an entry that changes while base is asked is asked for again', async () => {
    await addFile('text');
    const get = base.get.bind(base);
    jest.spyOn(base, 'get').mockImplementationOnce(async (key) => {
      const entry = await get(key);
      known.forget([key]);
      return entry;
    });
    await known.learn(serving, [KEY]);
    expect(known.look(serving, KEY).kind).toBe('ask');
    expect(await look()).toBe(md5Of(Buffer.from('text')));
  });

  test('where base cannot be had nothing is known, and answers do not fail', async () => {
    await addFile('text');
    known = makeKnown(async () => undefined);
    expect(await look()).toBe('unknown');
    expect(warnings).toEqual([]);
    known = makeKnown(() => Promise.reject(new Error('It cannot be read.')));
    expect(await look()).toBe('unknown');
    known.forget([KEY]);
    expect(await look()).toBe('unknown');
    expect(warnings).toHaveLength(1);
  });

  test('with another bucket nothing of what was known counts', async () => {
    await addFile('text');
    expect(await look()).not.toBe('unknown');
    expect(known.look({ ...serving }, KEY).kind).toBe('ask');
  });
});
