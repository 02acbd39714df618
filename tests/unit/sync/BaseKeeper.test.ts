import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseKeeper } from '../../../server/src/sync/base/BaseKeeper';
import { openBase, type BaseOptions } from '../../../server/src/sync/base/LevelBase';
import { baseEntry } from './support/entries';
import { errorOf } from './support/errorOf';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();

describe('One base for a run and what goes on beside it', () => {
  let options: BaseOptions;
  let keeper: BaseKeeper;

  beforeEach(async () => {
    const stateDirectory = join(await temporaryDirectory(), 'state');
    await mkdir(stateDirectory);
    const identity = { bucketName: 'b', endpoint: '', prefix: '' };
    options = { stateDirectory, identity, filter: { include: ['**'], exclude: [] } };
    keeper = new BaseKeeper();
  });

  test('each sees at once what the other has settled', async () => {
    const [run, beside] = await Promise.all([keeper.openForRun(options), keeper.openBeside(options)]);
    await beside.settle([{ key: 'a', entry: baseEntry({ etag: 'from-beside' }) }]);
    expect(await run.get('a')).toMatchObject({ etag: 'from-beside' });
    await run.close();
    expect(await beside.get('a')).toMatchObject({ etag: 'from-beside' });
    await beside.close();
  });

  test('a second run is refused while the first one goes on, and what was begun beside it is not', async () => {
    const run = await keeper.openForRun(options);
    const beside = await keeper.openBeside(options);
    expect(await errorOf(keeper.openForRun(options))).toMatchObject({ code: 'BASE_LOCKED' });
    await run.close();
    const next = await keeper.openForRun(options);
    await Promise.all([next.close(), beside.close()]);
  });

  test('when the last one lets go, another process can open it', async () => {
    const run = await keeper.openForRun(options);
    const beside = await keeper.openBeside(options);
    await run.close();
    await run.close();
    expect(await errorOf(openBase(options))).toMatchObject({ code: 'BASE_LOCKED' });
    await beside.close();
    const other = await openBase(options);
    expect(await errorOf(keeper.openBeside(options))).toMatchObject({ code: 'BASE_LOCKED' });
    await other.close();
    const again = await keeper.openBeside(options);
    await again.close();
  });

  test('who comes while it is being closed waits for that', async () => {
    const first = await keeper.openBeside(options);
    const closing = first.close();
    const second = await keeper.openBeside(options);
    await closing;
    expect(await second.get('a')).toBeUndefined();
    await second.close();
  });

  test('a folder that was made anew is another base, though its path is the same', async () => {
    const old = await keeper.openBeside(options);
    await old.settle([{ key: 'a', entry: baseEntry({}) }]);
    await rename(options.stateDirectory, `${options.stateDirectory}-moved`);
    await mkdir(options.stateDirectory);
    // The store on disk knows files by their path, so the old one has to be closed first.
    const refused = await errorOf(keeper.openForRun(options));
    expect(refused.code).toBe('BASE_LOCKED');
    await old.close();
    const run = await keeper.openForRun(options);
    expect(await run.get('a')).toBeUndefined();
    await run.close();
  });

  test('changes are told, before they are begun and after they are settled', async () => {
    const told: string[] = [];
    const end = keeper.onChange((keys) => told.push(...keys));
    const base = await keeper.openBeside(options);
    await base.begin(['a'], { action: 'download', at: 1 });
    await base.settle([{ key: 'a', entry: baseEntry({}) }]);
    end();
    await base.settle([{ key: 'b', entry: undefined }]);
    expect(told).toEqual(['a', 'a']);
    await base.close();
  });
});
