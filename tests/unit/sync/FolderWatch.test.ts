import { FolderWatch } from '../../../server/src/sync/FolderWatch';

type Seen = readonly [key: string, what: 'kept' | 'deleted' | 'other'];

function watch(...seen: readonly (readonly Seen[])[]): { name: string; deletes: number } | undefined {
  const folders = new FolderWatch();
  for (const [key, what] of seen.flat()) folders.see(key, what);
  return folders.emptied();
}

/** `count` keys below a folder, all with the same fate. */
function files(folder: string, count: number, what: Seen[1]): Seen[] {
  return Array.from({ length: count }, (_, index) => [`${folder}/${String(index).padStart(4, '0')}`, what]);
}

describe('FolderWatch', () => {
  it('sees nothing where there was nothing', () => {
    expect(watch()).toBeUndefined();
  });

  it('lets a folder lose all of its ten files', () => {
    expect(watch(files('uploads', 10, 'deleted'))).toBeUndefined();
  });

  it('notices a folder that lost all of its eleven files', () => {
    expect(watch(files('uploads', 11, 'deleted'))).toEqual({ name: 'uploads', deletes: 11 });
  });

  it.each([
    ['first', [['uploads/0', 'kept']], []],
    ['last', [], [['uploads/z', 'kept']]],
    ['deep below', [], [['uploads/z/y/x/w', 'kept']]],
  ] satisfies [string, Seen[], Seen[]][])('lets a folder pass where one file is left: %s', (_, before, after) => {
    expect(watch(before, files('uploads', 50, 'deleted'), after)).toBeUndefined();
  });

  it('does not take a key that says nothing for a file that is left', () => {
    const seen: Seen[] = [['uploads/00000', 'other'], ...files('uploads', 11, 'deleted'), ['uploads/z', 'other']];
    expect(watch(seen)).toEqual({ name: 'uploads', deletes: 11 });
  });

  it('notices an emptied folder beside full ones', () => {
    const seen = watch(files('a', 50, 'kept'), files('b', 11, 'deleted'), files('c', 50, 'kept'));
    expect(seen).toEqual({ name: 'b', deletes: 11 });
  });

  it('notices an emptied folder of the second depth below a full one', () => {
    const seen = watch(files('uploads', 5, 'kept'), files('uploads/2024', 20, 'deleted'), [['uploads/x', 'kept']]);
    expect(seen).toEqual({ name: 'uploads/2024', deletes: 20 });
  });

  it('does not look deeper than the second depth', () => {
    expect(watch(files('a/b/c', 20, 'deleted'), [['a/b/d', 'kept']])).toBeUndefined();
  });

  it('counts what is deep below a folder as its own', () => {
    expect(watch(files('a/b/c/d', 6, 'deleted'), files('a/b/e', 5, 'deleted'))).toMatchObject({ deletes: 11 });
  });

  it('keeps folders apart whose names begin alike', () => {
    const seen = watch(files('a', 6, 'deleted'), files('a0', 6, 'deleted'), files('ab', 6, 'deleted'));
    expect(seen).toBeUndefined();
  });

  it('keeps folders of one name in different folders apart', () => {
    const seen = watch([['a/a', 'kept']], files('a/x', 6, 'deleted'), [['b/a', 'kept']], files('b/x', 6, 'deleted'));
    expect(seen).toBeUndefined();
  });

  it('says nothing of files at the top: they are no folder', () => {
    const seen = Array.from({ length: 50 }, (_, index): Seen => [`file-${index}`, 'deleted']);
    expect(watch(seen)).toBeUndefined();
  });

  it('names the first of several emptied folders', () => {
    expect(watch(files('a', 11, 'deleted'), files('b', 99, 'deleted'))).toEqual({ name: 'a', deletes: 11 });
  });
});
