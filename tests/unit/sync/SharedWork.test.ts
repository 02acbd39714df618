import { SharedWork } from '../../../server/src/sync/SharedWork';

/** Work that ends when it is told to. */
function heldWork(gather: () => Promise<unknown> = () => Promise.resolve()) {
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
    gather,
  );
  return { shared, ends };
}
const turn = (): Promise<void> => new Promise(setImmediate);

describe('SharedWork', () => {
  it('is done once for all who ask while others are waited for', async () => {
    const { shared, ends } = heldWork(turn);
    const asked = [shared.run(), shared.run()];
    expect(ends).toHaveLength(0);
    await turn();
    await turn();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await expect(Promise.all(asked)).resolves.toEqual([1, 1]);
    expect(shared.isIdle).toBe(true);
  });

  it('gives nobody what was begun before they asked, and lets them share the next', async () => {
    const { shared, ends } = heldWork();
    const first = shared.run();
    await turn();
    const later = [shared.run(), shared.run(), shared.run()];
    await turn();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await expect(first).resolves.toBe(1);
    await turn();
    expect(ends).toHaveLength(2);
    expect(shared.isIdle).toBe(false);
    ends[1]?.();
    await expect(Promise.all(later)).resolves.toEqual([2, 2, 2]);
  });

  it('tells an error to those who shared it, and to no others', async () => {
    const { shared, ends } = heldWork();
    const first = shared.run();
    await turn();
    const later = shared.run();
    ends[0]?.(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    await turn();
    ends[1]?.();
    await expect(later).resolves.toBe(2);
  });
});
