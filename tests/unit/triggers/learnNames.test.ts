import { learnNames, PAGE } from '../../../server/src/triggers/learnNames';

/** A table of so many rows, each a file with one format. */
function makeTable(count: number) {
  const rows = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    hash: `file${index}`,
    ext: '.png',
    formats: { small: { hash: `small_file${index}`, ext: '.png' } },
    provider: 'local',
  }));
  const readPage = jest.fn(async (afterId: number): Promise<unknown[]> => rows.slice(afterId, afterId + PAGE));
  return { rows, readPage };
}

test('the names of very many rows are learnt, page by page', async () => {
  const { readPage } = makeTable(2_500);
  const names = await learnNames(readPage, 200_000);
  expect(names).toHaveLength(5_000);
  expect(names?.slice(-2)).toEqual(['file2499.png', 'small_file2499.png']);
  expect(readPage.mock.calls).toEqual([[0], [1_000], [2_000]]);
});

test('a statement without rows names nothing', async () => {
  expect(await learnNames(makeTable(0).readPage, 10)).toEqual([]);
});

test('more names than are of use are not read to the end', async () => {
  const { readPage } = makeTable(5_000);
  expect(await learnNames(readPage, 3_000)).toBeUndefined();
  expect(readPage).toHaveBeenCalledTimes(2);
});

test('one row that does not tell leaves all unknown', async () => {
  const { rows } = makeTable(3);
  expect(await learnNames(async () => [...rows, { id: 4 }], 10)).toBeUndefined();
});
