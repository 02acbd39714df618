import { keyPast, UNSYNCED, type FeedRow } from '../../../server/src/sync/Feed';

const unseen = { position: undefined, directoryId: 'me' };

function rows(...list: (Partial<FeedRow> & Pick<FeedRow, 'action' | 'md5'>)[]): FeedRow[] {
  return list.map((row, index) => ({ key: 'x', byName: false, directoryId: 'other', position: index + 1, ...row }));
}

describe('the past of a key', () => {
  test('names the content of the last delete', () => {
    const past = keyPast(rows({ action: 'put', md5: 'one' }, { action: 'delete', md5: 'one' }), unseen);
    expect(past).toEqual({ deletedMd5: 'one', supersededMd5s: new Set(), position: 2 });
  });

  test('forgets a delete after which the key was put again', () => {
    const past = keyPast(rows({ action: 'delete', md5: 'one' }, { action: 'put', md5: 'one' }), unseen);
    expect(past.deletedMd5).toBeUndefined();
  });

  test('names every content that was replaced', () => {
    const list = rows(
      { action: 'put', md5: 'two', previousMd5: 'one' },
      { action: 'put', md5: 'three', previousMd5: 'two' },
    );
    expect(keyPast(list, unseen).supersededMd5s).toEqual(new Set(['one', 'two']));
  });

  test('remembers a deleted content when another one came and went after it', () => {
    const list = rows(
      { action: 'delete', md5: 'one' },
      { action: 'put', md5: 'two' },
      { action: 'delete', md5: 'two' },
    );
    expect(keyPast(list, unseen)).toEqual({ deletedMd5: 'two', supersededMd5s: new Set(['one']), position: 3 });
  });

  test('lets a content live that was replaced once and then put again, from the trash or by an upload', () => {
    const list = rows({ action: 'put', md5: 'two', previousMd5: 'one' }, { action: 'put', md5: 'one' });
    expect(keyPast(list, unseen).supersededMd5s).toEqual(new Set());
  });

  test('says nothing to a directory that has seen the rows, or wrote them', () => {
    const list = rows({ action: 'put', md5: 'two', previousMd5: 'one' }, { action: 'delete', md5: 'two' });
    expect(keyPast(list, { position: 2, directoryId: 'me' })).toEqual({ supersededMd5s: new Set(), position: 2 });
    expect(keyPast(list, { position: 0, directoryId: 'other' })).toEqual({ supersededMd5s: new Set(), position: 2 });
    expect(keyPast(list, { position: 1, directoryId: 'me' })).toEqual({
      deletedMd5: 'two',
      supersededMd5s: new Set(),
      position: 2,
    });
  });

  test('speaks to a directory without a base, even of what it wrote itself', () => {
    const list = rows({ action: 'delete', md5: 'one', directoryId: 'me' });
    expect(keyPast(list, unseen).deletedMd5).toBe('one');
  });

  test('knows of a delete that came before the file had reached the bucket, also after the upload of that file', () => {
    const list = rows({ action: 'delete', md5: UNSYNCED, byName: true }, { action: 'put', md5: 'one' });
    expect(keyPast(list, unseen)).toEqual({ entryDeleted: 'unsynced', supersededMd5s: new Set(), position: 2 });
    expect(keyPast(list, { position: 0, directoryId: 'other' })).toMatchObject({ entryDeleted: 'unsynced' });
    expect(keyPast(list, { position: 1, directoryId: 'me' })).toEqual({ supersededMd5s: new Set(), position: 2 });
  });

  test('lets a file live that a person took from the trash after such a delete', () => {
    const list = rows({ action: 'delete', md5: UNSYNCED, byName: true }, { action: 'put', md5: 'one', byName: true });
    expect(keyPast(list, unseen)).toEqual({ restored: true, supersededMd5s: new Set(), position: 2 });
  });

  test('knows of the delete of an entry, whatever content there was then, and was put since', () => {
    const list = rows({ action: 'delete', md5: 'one', byName: true }, { action: 'put', md5: 'two' });
    expect(keyPast(list, unseen)).toEqual({ entryDeleted: 'synced', supersededMd5s: new Set(['one']), position: 2 });
    expect(keyPast(list, { position: 0, directoryId: 'other' })).toEqual({ supersededMd5s: new Set(), position: 2 });
  });
});
