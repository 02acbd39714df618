import { ConditionalWrites } from '../../../server/src/sync/bucket/ConditionalWrites';
import { probeConditions } from '../../../server/src/sync/bucket/probeConditions';
import { md5Of } from '../../../server/src/sync/md5Of';
import { MemoryBucket, MemoryStore, type Conditions } from '../../support/MemoryBucket';

const ALL = { putIfAbsent: true, putIfMatch: true, deleteIfMatch: true };
const NONE = { putIfAbsent: false, putIfMatch: false, deleteIfMatch: false };

const inputFor = (text: string) => {
  const body = Buffer.from(text);
  return { key: 'x', body, md5: md5Of(body), contentType: 'text/plain', metadata: {} };
};

describe('probeConditions', () => {
  test.each<[Conditions, object]>([
    ['all', ALL],
    ['not-on-delete', { ...ALL, deleteIfMatch: false }],
    ['ignored', NONE],
    ['refused', NONE],
  ])('finds out what a store honours (%s)', async (conditions, found) => {
    const store = new MemoryStore(conditions);
    expect(await probeConditions(new MemoryBucket(store))).toEqual(found);
    expect([...store.objects.keys()]).toEqual([]);
  });

  test.each([1, 2, 4])('takes a 409 for no proof (request %i)', async (at) => {
    const bucket = new MemoryBucket(new MemoryStore('ignored'), [{ at, kind: 'conflict' }]);
    await expect(probeConditions(bucket)).rejects.toMatchObject({ httpStatus: 409 });
  });
});

describe('ConditionalWrites', () => {
  const make = (conditions: Conditions) => {
    const store = new MemoryStore(conditions);
    const onContradiction = jest.fn(async () => undefined);
    return { store, onContradiction, writes: new ConditionalWrites(new MemoryBucket(store), ALL, onContradiction) };
  };

  test('a store that refuses conditions after all is written to without them, and is to be probed again', async () => {
    const { store, writes, onContradiction } = make('refused');
    const { etag } = await writes.put(inputFor('first'), { absent: true });
    expect(onContradiction).toHaveBeenCalledTimes(1);
    await expect(writes.put(inputFor('second'), { absent: true })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await writes.delete('x', etag, undefined);
    expect(store.objects.size).toBe(0);
    expect(onContradiction).toHaveBeenCalledTimes(1);
  });

  test('a delete that is refused for its condition is done after a look', async () => {
    const { store, writes, onContradiction } = make('refused');
    const etag = store.put('x', Buffer.from('first'));
    await expect(writes.delete('x', md5Of(Buffer.from('other')), undefined)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await writes.delete('x', etag, undefined);
    expect(store.objects.size).toBe(0);
    expect(onContradiction).toHaveBeenCalledTimes(1);
  });

  test('a lost race is no contradiction', async () => {
    const { store, writes, onContradiction } = make('all');
    store.put('x', Buffer.from('first'));
    await expect(writes.put(inputFor('second'), { absent: true })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    expect(onContradiction).not.toHaveBeenCalled();
  });
});
