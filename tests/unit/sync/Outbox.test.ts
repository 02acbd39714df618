import type { Base } from '../../../server/src/sync/base/Base';
import { Outbox } from '../../../server/src/sync/Outbox';
import { openBase } from '../../../server/src/sync/base/LevelBase';
import { MemoryFeed } from '../../support/MemoryFeed';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
let base: Base;
let feed: MemoryFeed;

beforeEach(async () => {
  base = await openBase({
    stateDirectory: await temporaryDirectory(),
    identity: { bucketName: 'bucket', endpoint: '', prefix: '' },
    filter: { include: ['**'], exclude: [] },
  });
  feed = new MemoryFeed();
});
afterEach(() => base.close());

const put = (key: string) => base.settle([], { key, action: 'put', md5: 'm', byName: false });
const sentKeys = () => feed.rows.map(({ key }) => key);

describe('the outbox', () => {
  test('brings every row to the feed once', async () => {
    await put('a');
    await put('b');
    const outbox = new Outbox(base, feed, 'me');
    await outbox.flush();
    await outbox.flush();
    expect(feed.rows).toMatchObject([
      { key: 'a', directoryId: 'me' },
      { key: 'b', directoryId: 'me' },
    ]);
  });

  test('keeps rows that the feed did not take', async () => {
    await put('a');
    const broken = { append: () => Promise.reject(new Error('no database')) };
    await expect(new Outbox(base, Object.assign(new MemoryFeed(), broken), 'me').flush()).rejects.toThrow(
      'no database',
    );
    await new Outbox(base, feed, 'me').flush();
    expect(sentKeys()).toEqual(['a']);
  });

  test('sends while a run goes on, and what is left at its end', async () => {
    const end = new Outbox(base, feed, 'me').flushEvery(20);
    await put('a');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sentKeys()).toEqual(['a']);
    await put('b');
    await end();
    expect(sentKeys()).toEqual(['a', 'b']);
    await put('c');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(sentKeys()).toEqual(['a', 'b']);
  });

  test('sends a row that came while others were being sent', async () => {
    await put('a');
    const outbox = new Outbox(base, feed, 'me');
    const first = outbox.flush();
    await put('b');
    await Promise.all([first, outbox.flush()]);
    expect(sentKeys()).toEqual(['a', 'b']);
  });
});
