import { chmod, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStateDirectory } from '../../../server/src/sync/base/StateDirectory';
import { errorOf } from './support/errorOf';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe('The state directory', () => {
  let parent: string;
  let path: string;

  beforeEach(async () => {
    parent = await temporaryDirectory();
    path = join(parent, '.s3-sync');
  });

  it('is made where only its last folder is missing, with a random id', async () => {
    const opened = await openStateDirectory(path);
    expect(opened.path).toBe(path);
    expect(opened.directoryId).toMatch(UUID);
    expect(await readdir(path)).toEqual(['directory-id']);
  });

  it('is for its owner only, whatever it was before', async () => {
    await openStateDirectory(path);
    expect(await modeOf(path)).toBe(0o700);
    expect(await modeOf(join(path, 'directory-id'))).toBe(0o600);
    await chmod(path, 0o755);
    await openStateDirectory(path);
    expect(await modeOf(path)).toBe(0o700);
  });

  it('keeps its id', async () => {
    const { directoryId } = await openStateDirectory(path);
    expect((await openStateDirectory(path)).directoryId).toBe(directoryId);
  });

  it('takes its id along when it is moved', async () => {
    const { directoryId } = await openStateDirectory(path);
    const moved = join(await temporaryDirectory(), 'state');
    await rename(path, moved);
    expect((await openStateDirectory(moved)).directoryId).toBe(directoryId);
    expect((await openStateDirectory(path)).directoryId).not.toBe(directoryId);
  });

  it.each(['', '\n', 'garbage', '\0\0\0\0', '12345678-1234-1234-1234-12345678901', '../../x'])(
    'gets a new id, once, where the file holds %j',
    async (content) => {
      await mkdir(path);
      await writeFile(join(path, 'directory-id'), content);
      const { directoryId } = await openStateDirectory(path);
      expect(directoryId).toMatch(UUID);
      expect(await readFile(join(path, 'directory-id'), 'utf8')).toBe(`${directoryId}\n`);
      expect((await openStateDirectory(path)).directoryId).toBe(directoryId);
    },
  );

  it('takes an id without a line end, as a person could have written it', async () => {
    await mkdir(path);
    await writeFile(join(path, 'directory-id'), '01234567-89ab-4cde-8f01-23456789abcd');
    expect((await openStateDirectory(path)).directoryId).toBe('01234567-89ab-4cde-8f01-23456789abcd');
  });

  it('is not made where its parent is missing: the disk may be away', async () => {
    const error = await errorOf(openStateDirectory(join(parent, 'uploads', '.s3-sync')));
    expect(error.code).toBe('DIRECTORY_MISSING');
    expect(error.fix).toContain('mounted');
    expect(await readdir(parent)).toEqual([]);
  });

  it('is not made where its parent is a dangling link', async () => {
    await symlink('nowhere', join(parent, 'uploads'));
    expect((await errorOf(openStateDirectory(join(parent, 'uploads', '.s3-sync')))).code).toBe('DIRECTORY_MISSING');
    expect(await readdir(parent)).toEqual(['uploads']);
  });

  it('fails in words where a file stands in its place, and leaves the file alone', async () => {
    await writeFile(path, 'mine', { mode: 0o644 });
    expect((await errorOf(openStateDirectory(path))).code).toBe('DIRECTORY_MISSING');
    expect([await readFile(path, 'utf8'), await modeOf(path)]).toEqual(['mine', 0o644]);
  });

  it('fails in words where its id cannot be read', async () => {
    await mkdir(join(path, 'directory-id'), { recursive: true });
    expect((await errorOf(openStateDirectory(path))).code).toBe('DIRECTORY_MISSING');
  });
});
