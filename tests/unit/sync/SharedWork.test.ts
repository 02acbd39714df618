import { SharedWork } from '../../../server/src/sync/SharedWork';

/** Work that ends when it is told to. */
function heldWork() {
  const ends: ((error?: Error) => void)[] = [];
  const shared = new SharedWork(
    () =>
      new Promise<number>((resolve, reject) => {
        const time = ends.length + 1;
        ends.push((error) => {
          if (error) reject(error);
          else resolve(time);
        });
      }),
  );
  return { shared, ends };
}

describe('SharedWork', () => {
  it('begins at once for the first who asks', async () => {
    const { shared, ends } = heldWork();
    const first = shared.run();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await expect(first).resolves.toBe(1);
    expect(shared.isIdle).toBe(true);
  });

  it('gives nobody what was begun before they asked, and lets them share the next', async () => {
    const { shared, ends } = heldWork();
    const first = shared.run();
    const later = [shared.run(), shared.run(), shared.run()];
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await first;
    await new Promise(setImmediate);
    expect(ends).toHaveLength(2);
    const last = shared.run();
    ends[1]?.();
    await expect(Promise.all(later)).resolves.toEqual([2, 2, 2]);
    await new Promise(setImmediate);
    ends[2]?.();
    await expect(last).resolves.toBe(3);
  });

  it('tells an error to those who shared it, and to no others', async () => {
    const { shared, ends } = heldWork();
    const first = shared.run();
    const later = shared.run();
    ends[0]?.(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await new Promise(setImmediate);
    ends[1]?.();
    await expect(later).resolves.toBe(2);
  });
});
