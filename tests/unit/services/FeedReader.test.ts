import { FeedReader } from '../../../server/src/services/FeedReader';
import type { DatedFeedRow } from '../../../server/src/services/feed';
import { OVERLAP_MS, safePosition } from '../../../server/src/services/safePosition';

const ME = 'my-directory';
const OTHER = 'other-directory';

/** A feed whose rows become visible when the test says so, and a clock that stands. */
function makeFeed() {
  const state = { now: 1_700_000_000_000, asked: 0 };
  const rows: DatedFeedRow[] = [];
  const show = (position: number, key: string, directoryId = OTHER, byName = false) => {
    rows.push({ position, key, directoryId, byName, action: 'put', md5: '0'.repeat(32), at: state.now });
    rows.sort((one, other) => one.position - other.position);
  };
  const feed = {
    async position() {
      return safePosition(
        0,
        rows.map(({ position, at }) => ({ id: position, at })),
        state.now,
      );
    },
    async since(position: number, limit: number) {
      state.asked += 1;
      return rows.filter((row) => row.position > position).slice(0, limit);
    },
  };
  const clock = { now: async () => state.now };
  return { show, state, feed, reader: new FeedReader(feed, clock) };
}

const mine = async () => ME;

async function readKeys(reader: FeedReader): Promise<string[]> {
  const news = await reader.read(mine);
  return news.kind === 'changes' ? [...news.keys.keys()] : [];
}

describe('the reader of the feed', () => {
  test('asks for a comparison of everything where nothing is known', async () => {
    const { reader, show } = makeFeed();
    show(1, 'a');
    expect(await reader.read(mine)).toEqual({ kind: 'far-behind' });
    expect(await reader.read(mine)).toEqual({ kind: 'nothing' });
  });

  test('tells each change of others once, and none of its own', async () => {
    const { reader, show } = makeFeed();
    await reader.skip();
    show(1, 'a');
    show(2, 'b', ME);
    show(3, 'c');
    expect(await reader.read(mine)).toEqual({
      kind: 'changes',
      keys: new Map([
        ['a', false],
        ['c', false],
      ]),
      position: 3,
    });
    expect(await reader.read(mine)).toEqual({ kind: 'nothing' });
    show(4, 'a');
    expect(await readKeys(reader)).toEqual(['a']);
  });

  test('says of a key what its last row says', async () => {
    const { reader, show } = makeFeed();
    await reader.skip();
    show(1, 'a', OTHER, true);
    show(2, 'a', OTHER, false);
    show(3, 'b', OTHER, true);
    expect(await reader.read(mine)).toMatchObject({
      keys: new Map([
        ['a', false],
        ['b', true],
      ]),
    });
  });

  test('tells a row that becomes visible after a later one, and the later one only once', async () => {
    const { reader, show } = makeFeed();
    await reader.skip();
    show(1, 'a');
    show(3, 'c');
    expect(await reader.read(mine)).toMatchObject({
      keys: new Map([
        ['a', false],
        ['c', false],
      ]),
      position: 1,
    });
    expect(await readKeys(reader)).toEqual([]);
    show(2, 'b');
    expect(await reader.read(mine)).toMatchObject({ keys: new Map([['b', false]]), position: 3 });
    expect(reader.position).toBe(3);
  });

  test('does not wait for ever for a row that never comes', async () => {
    const { reader, show, state } = makeFeed();
    await reader.skip();
    show(2, 'b');
    expect(await readKeys(reader)).toEqual(['b']);
    expect(reader.position).toBe(0);
    state.now += OVERLAP_MS;
    expect(await readKeys(reader)).toEqual([]);
    expect(reader.position).toBe(2);
  });

  test('needs one query where there is nothing new', async () => {
    const { reader, state } = makeFeed();
    await reader.skip();
    state.asked = 0;
    const directoryId = jest.fn(mine);
    await reader.read(directoryId);
    expect(state.asked).toBe(1);
    expect(directoryId).not.toHaveBeenCalled();
  });

  test('asks for a comparison of everything where more than 10,000 rows are new, and goes on from there', async () => {
    const { reader, show } = makeFeed();
    await reader.skip();
    for (let id = 1; id <= 10_001; id += 1) show(id, `key-${id}`);
    expect(await reader.read(mine)).toEqual({ kind: 'far-behind' });
    show(10_002, 'last');
    expect(await readKeys(reader)).toEqual(['last']);
  });
});
