import { KeyLocks } from '../../../server/src/sync/KeyLocks';

/** Work that ends when the test says so, and a list of what was begun. */
function gate() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<void>((resolve) => ends.set(name, resolve));
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await settled();
  };
  return { begun, work, end };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('locks of keys', () => {
  test('tell whether somebody works at a key', async () => {
    const locks = new KeyLocks();
    const { work, end } = gate();
    const done = locks.with(['a'], work('first'));
    await settled();
    expect([locks.isHeld('a'), locks.isHeld('b')]).toEqual([true, false]);
    await end('first');
    await done;
    expect(locks.isHeld('a')).toBe(false);
  });

  test('let work at one key go on one after the other, and work at others at the same time', async () => {
    const locks = new KeyLocks();
    const { begun, work, end } = gate();
    void locks.with(['a'], work('first'));
    void locks.with(['a', 'b'], work('second'));
    void locks.with(['c'], work('other'));
    await settled();
    expect(begun).toEqual(['first', 'other']);
    await end('first');
    expect(begun).toEqual(['first', 'other', 'second']);
  });

  test('do not let two that want the same keys in another order wait for ever', async () => {
    const locks = new KeyLocks();
    const { begun, work, end } = gate();
    void locks.with(['x'], work('blocker'));
    void locks.with(['a', 'x', 'b'], work('one'));
    void locks.with(['b', 'x', 'a'], work('two'));
    await settled();
    expect(begun).toEqual(['blocker']);
    await end('blocker');
    await end('one');
    expect(begun).toEqual(['blocker', 'one', 'two']);
  });

  test('are free again after work that failed', async () => {
    const locks = new KeyLocks();
    await expect(locks.with(['a'], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(locks.with(['a'], () => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  test('tell a session which keys others have worked at since it began, and not its own', async () => {
    const locks = new KeyLocks();
    await locks.with(['before'], () => Promise.resolve());
    const session = locks.open();
    const other = locks.open();
    await session.with(['own'], () => Promise.resolve());
    await other.with(['a', 'b'], () => Promise.resolve());
    await locks.with(['c'], () => Promise.resolve());
    expect([...(await session.with(['a'], (moved) => Promise.resolve(moved)))]).toEqual(['a', 'b', 'c']);
    other.end();
    expect([...other.moved]).toEqual(['own', 'c', 'a']);
    await session.with(['later'], () => Promise.resolve());
    expect(other.moved.has('later')).toBe(false);
  });
});
