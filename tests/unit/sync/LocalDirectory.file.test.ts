import { chmod, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LocalDirectory } from '../../../server/src/sync/local/LocalDirectory';
import { errorOf } from './support/errorOf';
import { makePipe } from '../../support/makePipe';
import { makeSocket } from './support/makeSocket';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();

async function put(root: string, key: string, content = key): Promise<void> {
  await mkdir(dirname(join(root, key)), { recursive: true });
  await writeFile(join(root, key), content);
}

describe('A file by its key', () => {
  let root: string;
  let local: LocalDirectory;

  beforeEach(async () => {
    root = await temporaryDirectory();
    local = new LocalDirectory(root);
  });

  /** What `stat` and `open` say of a key: `here`, `absent`, or the code of the error. */
  async function told(key: string): Promise<{ stat: string; open: string }> {
    const stat = async (): Promise<string> => ((await local.stat(key)) ? 'here' : 'absent');
    const open = async (): Promise<string> => {
      const file = await local.open(key);
      try {
        await file.fingerprint();
        return 'here';
      } finally {
        await file.close();
      }
    };
    const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '?');
    return { stat: await stat().catch(codeOf), open: await open().catch(codeOf) };
  }

  it.each(['a', 'a/b/c', 'é', 'e\u0301', '\u{1f600}', ' ', 'a\nb', '"', '+ %2F', '-rf'])('is here: %j', async (key) => {
    await put(root, key);
    expect(await told(key)).toEqual({ stat: 'here', open: 'here' });
  });

  it('is the same to a walk, to stat and to an open file', async () => {
    await put(root, 'a');
    const file = await local.open('a');
    const fingerprint = await file.fingerprint();
    await file.close();
    expect(await local.stat('a')).toEqual(fingerprint);
  });

  it.each([
    ['its name is not there', 'x'],
    ['its folder is not there', 'no/such/x'],
    ['a file stands where its folder would', 'file/x'],
    ['a file stands where a folder above would', 'file/x/y'],
    ['only its twin in another Unicode form is there', 'e\u0301'],
    ['a folder stands there, so no file does', 'folder'],
  ])('is absent where %s', async (_, key) => {
    await put(root, 'file');
    await put(root, 'é');
    await put(root, 'folder/x');
    expect((await told(key)).stat).toBe('absent');
    expect((await told(key)).open).toMatch(/LOCAL_CHANGED|LOCAL_UNREADABLE/);
  });

  it.each(['', '../x', '/etc/passwd', 'a/../../x', 'C:/x', 'a\0b', 'a/', 'x'.repeat(256), 'a\ud800'])(
    'is refused where its key is %j',
    async (key) => {
      expect(await told(key)).toEqual({ stat: 'UNSAFE_KEY', open: 'UNSAFE_KEY' });
    },
  );

  describe('is never absent', () => {
    it('where the directory is missing', async () => {
      local = new LocalDirectory(join(root, 'missing'));
      expect(await told('a')).toEqual({ stat: 'DIRECTORY_MISSING', open: 'DIRECTORY_MISSING' });
    });

    it('where the directory went away', async () => {
      await put(root, 'public/a');
      local = new LocalDirectory(join(root, 'public'));
      await rename(join(root, 'public'), join(root, 'away'));
      expect(await told('a')).toEqual({ stat: 'DIRECTORY_MISSING', open: 'DIRECTORY_MISSING' });
    });

    it('where the directory is a link that was turned a moment ago, as a deploy does', async () => {
      await put(root, 'releases/one/old');
      await put(root, 'releases/two/folder/new');
      const current = join(root, 'current');
      await symlink(join(root, 'releases/one'), current);
      const deployed = new LocalDirectory(current);
      expect(await deployed.stat('old')).toBeDefined();
      await rm(current);
      await symlink(join(root, 'releases/two'), current);
      expect(await deployed.stat('folder/new')).toBeDefined();
      expect(await deployed.stat('old')).toBeUndefined();
    });

    it('where its folder was a folder a moment ago, and is a link now', async () => {
      await put(root, 'folder/x');
      expect(await told('folder/x')).toMatchObject({ stat: 'here' });
      await rm(join(root, 'folder'), { recursive: true });
      await symlink(join(root, 'not mounted yet'), join(root, 'folder'));
      expect(await told('folder/x')).toMatchObject({ stat: 'SYMLINK' });
      expect(await told('folder/y')).toMatchObject({ stat: 'SYMLINK' });
    });

    it('where many ask for it at the same time, and its folder became a link: each gets an error of its own', async () => {
      const keys = Array.from({ length: 10 }, (_, index) => `folder/${index}`);
      await put(root, 'folder/x');
      expect(await local.stat('folder/x')).toBeDefined();
      await rm(join(root, 'folder'), { recursive: true });
      await symlink(join(root, 'not mounted yet'), join(root, 'folder'));
      const errors = await Promise.all(keys.map((key) => errorOf(local.stat(key))));
      expect(errors.map(({ code, key }) => ({ code, key }))).toEqual(keys.map((key) => ({ code: 'SYMLINK', key })));
    });

    it('where the directory is a file', async () => {
      await put(root, 'file');
      local = new LocalDirectory(join(root, 'file'));
      expect(await told('a')).toEqual({ stat: 'DIRECTORY_MISSING', open: 'DIRECTORY_MISSING' });
    });

    it.each([
      ['dangles', 'nowhere'],
      ['turns in a circle', 'uploads'],
      ['leads to a file', 'file'],
    ])('where uploads is a link that %s', async (_, target) => {
      await put(root, 'file');
      await symlink(target, join(root, 'uploads'));
      expect(await told('uploads/a')).toEqual({ stat: 'DIRECTORY_MISSING', open: 'DIRECTORY_MISSING' });
      expect(await told('uploads/a/b')).toEqual({ stat: 'DIRECTORY_MISSING', open: 'DIRECTORY_MISSING' });
    });

    it('where it is a link, or lies behind one', async () => {
      await put(root, 'real/x');
      await symlink('real', join(root, 'folder'));
      await symlink('real/x', join(root, 'link'));
      await symlink('nowhere', join(root, 'dangling'));
      for (const key of ['folder/x', 'folder/none', 'link', 'dangling', 'dangling/x']) {
        expect(await told(key)).toEqual({ stat: 'SYMLINK', open: 'SYMLINK' });
      }
    });

    it('where a link lies behind the link of uploads', async () => {
      await put(root, 'shared/real/x');
      await symlink('shared', join(root, 'uploads'));
      await symlink('real', join(root, 'shared/folder'));
      expect(await told('uploads/folder/x')).toEqual({ stat: 'SYMLINK', open: 'SYMLINK' });
    });

    it('where it is a pipe or a socket, and nobody waits for either', async () => {
      makePipe(join(root, 'pipe'));
      const close = await makeSocket(join(root, 'socket'));
      const answers = [await told('pipe'), await told('socket')];
      await close();
      expect(answers).toEqual(Array(2).fill({ stat: 'LOCAL_UNREADABLE', open: 'LOCAL_UNREADABLE' }));
    });

    it('where its folder may not be entered', async () => {
      await put(root, 'closed/x');
      if (process.getuid?.() === 0) {
        // Permissions do not bind this user; a path longer than the system takes fails in the same place.
        process.stdout.write('The user is root: a path too long is tested instead of permissions.\n');
        local = new LocalDirectory(root);
        const long = await deepRoot(root);
        local = new LocalDirectory(long);
        const key = `${'k'.repeat(250)}/x`;
        expect(await told(key)).toEqual({ stat: 'LOCAL_UNREADABLE', open: 'LOCAL_UNREADABLE' });
        return;
      }
      await chmod(join(root, 'closed'), 0);
      const answer = await told('closed/x');
      await chmod(join(root, 'closed'), 0o700);
      expect(answer).toEqual({ stat: 'LOCAL_UNREADABLE', open: 'LOCAL_UNREADABLE' });
    });
  });

  /** A directory whose path is nearly as long as the system takes (4,095 bytes). */
  async function deepRoot(start: string): Promise<string> {
    let path = start;
    while (path.length < 3_900) {
      path = join(path, 'd'.repeat(Math.min(250, 3_900 - path.length)));
      await mkdir(path);
    }
    return path;
  }

  it('is found behind the link that uploads may be', async () => {
    await put(root, 'shared/a/b');
    await symlink('shared', join(root, 'uploads'));
    expect(await told('uploads/a/b')).toEqual({ stat: 'here', open: 'here' });
    expect(await told('uploads/none')).toEqual({ stat: 'absent', open: 'LOCAL_CHANGED' });
    expect(await told('uploads/none/b')).toEqual({ stat: 'absent', open: 'LOCAL_CHANGED' });
  });

  describe('when it is open', () => {
    it('gives any part of its bytes', async () => {
      await put(root, 'a', '0123456789');
      const file = await local.open('a');
      const parts = [await file.read(0, 10), await file.read(3, 4), await file.read(9, 1), await file.read(10, 0)];
      await file.close();
      expect(parts.map(String)).toEqual(['0123456789', '3456', '9', '']);
    });

    it('says so where it is shorter than it was', async () => {
      await put(root, 'a', '0123456789');
      const file = await local.open('a');
      await truncate(join(root, 'a'), 5);
      const error = await errorOf(file.read(0, 10));
      await file.close();
      expect(error).toMatchObject({ code: 'LOCAL_CHANGED', key: 'a' });
    });

    it('stays the file that was opened, whatever takes its name', async () => {
      await put(root, 'a', 'first');
      const file = await local.open('a');
      const before = await file.fingerprint();
      await put(root, 'b', 'other');
      await rename(join(root, 'b'), join(root, 'a'));
      const [content, after] = [await file.read(0, 5), await file.fingerprint()];
      await file.close();
      expect(String(content)).toBe('first');
      expect(after.inode).toBe(before.inode);
      expect((await local.stat('a'))?.inode).not.toBe(before.inode);
    });

    it('shows in its fingerprint that it was written to, with the times put back as well', async () => {
      await put(root, 'a', 'first');
      const file = await local.open('a');
      const before = await file.fingerprint();
      await writeFile(join(root, 'a'), 'other');
      const after = await file.fingerprint();
      await file.close();
      expect(after.ctimeNs).not.toBe(before.ctimeNs);
    });

    it('can be read after it was deleted', async () => {
      await put(root, 'a', 'first');
      const file = await local.open('a');
      await rm(join(root, 'a'));
      const content = await file.read(0, 5);
      await file.close();
      expect(String(content)).toBe('first');
    });

    it("is closed once, however often that is asked: its number may be the next file's by then", async () => {
      await put(root, 'a', 'first');
      await put(root, 'b', 'other');
      const [first, warm] = [await local.open('a'), await local.open('b')];
      await warm.close();
      await Promise.all([first.close(), first.close()]);
      const next = await local.open('b');
      await first.close();
      expect(String(await next.read(0, 5))).toBe('other');
      await next.close();
    });

    it('is closed only after the reads that go on, and gives nothing afterwards', async () => {
      const large = 'x'.repeat(1_000_000);
      await put(root, 'a', large);
      const file = await local.open('a');
      const [content] = await Promise.all([file.read(0, large.length), file.close()]);
      expect(content.equals(Buffer.from(large))).toBe(true);
      expect(await errorOf(file.read(0, 1))).toMatchObject({ code: 'LOCAL_UNREADABLE', key: 'a' });
    });
  });
});
