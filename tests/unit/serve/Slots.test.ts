import { Slots } from '../../../server/src/serve/Slots';
import { deferred } from '../sync/support/deferred';

describe('a limited number of places', () => {
  test('who comes too many waits for a place, and gets it in the order of coming', async () => {
    const slots = new Slots(1);
    const first = deferred();
    const order: string[] = [];
    const run = (name: string, work: () => Promise<string>) =>
      slots.run(60_000, async () => {
        order.push(name);
        return work();
      });
    const one = run('one', () => first.promise.then(() => 'one'));
    const others = ['two', 'three'].map((name) => run(name, async () => name));
    await Promise.resolve();
    expect(order).toEqual(['one']);
    first.resolve();
    expect(await Promise.all([one, ...others])).toEqual(['one', 'two', 'three']);
    expect(order).toEqual(['one', 'two', 'three']);
  });

  test('where no place gets free in time the work is not done', async () => {
    const slots = new Slots(1);
    const first = deferred();
    const one = slots.run(60_000, () => first.promise.then(() => 'one'));
    let isDone = false;
    const late = await slots.run(1, async () => {
      isDone = true;
    });
    expect([late, isDone]).toEqual([undefined, false]);
    first.resolve();
    expect(await one).toBe('one');
    expect(await slots.run(1, async () => 'there is room again')).toBe('there is room again');
  });

  test('work that fails gives its place back', async () => {
    const slots = new Slots(1);
    const failing = slots.run(1, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await slots.run(1, async () => 'next')).toBe('next');
  });
});
