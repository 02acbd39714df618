import { Slots } from '../../../server/src/sync/Slots';
import { deferred } from './support/deferred';

describe('a limited number of places', () => {
  test('who comes too many waits for a place, and gets it in the order of coming', async () => {
    const slots = new Slots(1);
    const first = deferred();
    const order: string[] = [];
    const run = (name: string, work: () => Promise<string>) =>
      slots.runWithin(60_000, async () => {
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

  test('who is patient waits for a place as long as it takes', async () => {
    const slots = new Slots(1);
    const first = deferred();
    const one = slots.run(() => first.promise);
    const two = slots.run(async () => 'two');
    first.resolve();
    await one;
    expect(await two).toBe('two');
  });

  test('where no place gets free in time the work is not done', async () => {
    const slots = new Slots(1);
    const first = deferred();
    const one = slots.runWithin(60_000, () => first.promise.then(() => 'one'));
    let isDone = false;
    const late = await slots.runWithin(1, async () => {
      isDone = true;
    });
    expect([late, isDone]).toEqual([undefined, false]);
    first.resolve();
    expect(await one).toBe('one');
    expect(await slots.runWithin(1, async () => 'there is room again')).toBe('there is room again');
  });

  test('work that fails gives its place back', async () => {
    const slots = new Slots(1);
    const failing = slots.runWithin(1, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await slots.runWithin(1, async () => 'next')).toBe('next');
  });
});
