import fc from 'fast-check';
import { Cursor } from '../../../server/src/sync/Cursor';

/** A source that tells how far it was read and whether it was closed. */
function source<T>(batches: readonly (readonly T[])[], failure?: Error) {
  const seen = { batches: 0, closed: false };
  async function* generate(): AsyncIterable<T[]> {
    try {
      for (const batch of batches) {
        seen.batches += 1;
        yield [...batch];
      }
      if (failure) throw failure;
    } finally {
      seen.closed = true;
    }
  }
  return { seen, batches: generate() };
}

async function readAll<T>(cursor: Cursor<T>): Promise<T[]> {
  const items: T[] = [];
  for (await cursor.advance(); cursor.current !== undefined; await cursor.advance()) items.push(cursor.current);
  return items;
}

describe('Cursor', () => {
  it('gives every item in order, whatever the batches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.integer(), { maxLength: 5 }), { maxLength: 8 }), async (batches) => {
        expect(await readAll(new Cursor(source(batches).batches))).toEqual(batches.flat());
      }),
    );
  });

  it('stays at the end', async () => {
    const cursor = new Cursor(source([[1]]).batches);
    await readAll(cursor);
    await cursor.advance();
    await cursor.advance();
    expect(cursor.current).toBeUndefined();
  });

  it('waits only where a batch has to be fetched', async () => {
    const cursor = new Cursor(source([[1, 2, 3], [4]]).batches);
    expect(cursor.advance()).toBeInstanceOf(Promise);
    await Promise.resolve();
    await new Promise((done) => setImmediate(done));
    expect([cursor.advance(), cursor.advance()]).toEqual([undefined, undefined]);
    expect(cursor.current).toBe(3);
    await cursor.advance();
    expect(cursor.current).toBe(4);
  });

  it('fetches one batch ahead, not more', async () => {
    const { seen, batches } = source([[1], [2], [3], [4]]);
    const cursor = new Cursor(batches);
    await cursor.advance();
    await new Promise((done) => setImmediate(done));
    expect(seen.batches).toBe(2);
    await cursor.close();
  });

  it('throws the error of its source where it comes, not before', async () => {
    const cursor = new Cursor(source([[1], [2]], new Error('cut off')).batches);
    await cursor.advance();
    expect(cursor.current).toBe(1);
    await cursor.advance();
    expect(cursor.current).toBe(2);
    await expect(cursor.advance()).rejects.toThrow('cut off');
  });

  it('closes its source early', async () => {
    const { seen, batches } = source([[1], [2], [3]]);
    const cursor = new Cursor(batches);
    await cursor.advance();
    await cursor.close();
    expect(seen.closed).toBe(true);
  });

  it('closes without a word where the batch it had asked for fails', async () => {
    const { seen, batches } = source([[1]], new Error('cut off'));
    const cursor = new Cursor(batches);
    await cursor.advance();
    await cursor.close();
    expect(seen.closed).toBe(true);
  });

  it('holds back an error that comes before it is asked for: nothing is left unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => {
      unhandled.push(error);
    };
    process.on('unhandledRejection', note);
    const cursor = new Cursor(source([[1]], new Error('cut off')).batches);
    await cursor.advance();
    await new Promise((done) => setTimeout(done, 20));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    await expect(cursor.advance()).rejects.toThrow('cut off');
  });

  it('can be closed without ever having been used, and after its end', async () => {
    const { seen, batches } = source([[1]]);
    await new Cursor(batches).close();
    expect(seen.closed).toBe(true);
    const atEnd = new Cursor(source([[1]]).batches);
    await readAll(atEnd);
    await atEnd.close();
    expect(atEnd.current).toBeUndefined();
  });
});
