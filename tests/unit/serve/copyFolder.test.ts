import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeCopyFolder } from '../../../server/src/serve/copyFolder';
import { temporaryDirectories } from '../sync/support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();

describe('the folder of a copy for other plugins', () => {
  test('what a killed server left there more than a day ago goes with the next copy, and nothing else', async () => {
    const state = await temporaryDirectory();
    const copies = dirname(await makeCopyFolder(state));
    const ages = { 'copy-old': 25, 'copy-used': 23, other: 25 };
    for (const [name, hours] of Object.entries(ages)) {
      await mkdir(join(copies, name));
      await writeFile(join(copies, name, 'file.txt'), 'text');
      const at = Date.now() / 1_000 - hours * 3_600;
      await utimes(join(copies, name), at, at);
    }
    const folder = await makeCopyFolder(state);
    expect(existsSync(folder)).toBe(true);
    const left = Object.keys(ages).filter((name) => existsSync(join(copies, name)));
    expect(left).toEqual(['copy-used', 'other']);
  });
});
