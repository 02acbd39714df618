import { FailureWriter } from '../../../server/src/services/FailureWriter';
import type { KeyFailure } from '../../../server/src/sync/SyncReport';

const failure = (key: string, code: KeyFailure['code'] = 'ACCESS_DENIED'): KeyFailure => ({
  key,
  code,
  message: 'Not allowed.',
  fix: 'Allow it.',
});

function startWriter(write: (batch: KeyFailure[]) => Promise<void> = () => Promise.resolve()) {
  const written: KeyFailure[][] = [];
  const told: string[] = [];
  const note = (message: string) => told.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const addFailures = async (_id: number, batch: KeyFailure[]) => {
    await write(batch);
    written.push(batch);
  };
  return { writer: new FailureWriter(7, { addFailures }, log), written, told };
}

describe('the failures of a run', () => {
  test('are written down in batches while it goes on, and the rest at its end', async () => {
    const { writer, written } = startWriter();
    for (let index = 0; index < 450; index += 1) writer.add(failure(`uploads/${index}`));
    await writer.flush();
    expect(written.map((batch) => batch.length)).toEqual([200, 200, 50]);
  });

  test('are logged where the database takes them not', async () => {
    const { writer, told } = startWriter(() => Promise.reject(new Error('no database')));
    writer.add(failure('uploads/a'));
    await writer.flush();
    expect(told).toEqual([expect.stringContaining('1 failures of run 7 could not be written down: no database')]);
  });

  test('name the keys that are left; a conflict is settled', () => {
    const { writer } = startWriter();
    writer.add(failure('uploads/a'));
    writer.add(failure('uploads/b', 'CONFLICT'));
    writer.add(failure('uploads/c', 'WITHHELD'));
    expect([...(writer.keys ?? [])]).toEqual(['uploads/a', 'uploads/c']);
  });

  test.each([
    ['one of them has no key', [failure('uploads/a'), failure('')]],
    ['they are too many to remember', Array.from({ length: 10_001 }, (_, index) => failure(`uploads/${index}`))],
  ])('do not name the keys that are left where %s', (_what, failures) => {
    const { writer } = startWriter();
    for (const one of failures) writer.add(one);
    expect(writer.keys).toBeUndefined();
  });
});
