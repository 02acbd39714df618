import { MediaUrls } from '../../../server/src/serve/MediaUrls';
import type { Look } from '../../../server/src/serve/KnownFiles';
import type { Serving } from '../../../server/src/serve/Serving';
import { createKeyFilter } from '../../../server/src/sync/KeyFilter';
import { keyOfUpload } from '../../../server/src/services/places';

const MD5 = '0123456789abcdef0123456789abcdef';
const project = { root: '/site', publicDirectory: '/site/public' };

/** A site whose synced directory is that one; all keys are known, but those that hold "unknown". */
function makeUrls(more: Partial<Serving> = {}, serverUrl = '') {
  const filter = createKeyFilter({ include: ['**'], exclude: ['**/secret/**'] });
  const directory = more.directory ?? '/site/public';
  let serving: Serving = {
    mode: 'MULTI',
    directory,
    stateDirectory: '/site/public/uploads/.s3-sync',
    filter,
    bucket: { bucketName: 'b', awsRegion: 'us-east-1', prefix: '', concurrency: 1 },
    base: {
      stateDirectory: '/site/public/uploads/.s3-sync',
      identity: { bucketName: 'b', endpoint: '', prefix: '' },
      filter: filter.options,
    },
    readThrough: true,
    publicBaseUrl: 'https://cdn.example/site',
    siteUrls: [],
    keyOf: (path) => {
      const key = keyOfUpload(project, directory, path);
      return key !== undefined && filter.matches(key) ? key : undefined;
    },
    ...more,
  };
  const learnt: string[][] = [];
  const asked = new Set<string>();
  const known = {
    look: (_serving: Serving, key: string): Look => {
      if (key.includes('unknown')) return { kind: 'unknown' };
      // What is not synced is never learnt.
      if (!filter.matches(key) || key.includes('..')) return { kind: 'ask' };
      return key.includes('late') && !asked.has(key) ? { kind: 'ask' } : { kind: 'known', md5: MD5 };
    },
    learn: async (_serving: Serving, keys: Iterable<string>) => {
      learnt.push([...keys]);
      for (const key of learnt.at(-1) ?? []) asked.add(key);
    },
  };
  const change = (changed: Partial<Serving>): void => {
    serving = { ...serving, ...changed };
  };
  return { urls: new MediaUrls({ last: () => serving }, known, () => serverUrl), learnt, change };
}

const publicUrl = (urls: MediaUrls, url: string) => urls.apply(url, (given, resolve) => resolve(given) ?? given);

describe('the public URL of a local one', () => {
  test.each([
    ['/uploads/a.jpg', 'https://cdn.example/site/uploads/a.jpg?v=0123456789'],
    ['/uploads/sub/a.jpg', 'https://cdn.example/site/uploads/sub/a.jpg?v=0123456789'],
    ['/uploads/a.jpg?w=1#top', 'https://cdn.example/site/uploads/a.jpg?w=1&v=0123456789#top'],
    ['/uploads/a%20b%2B(1).jpg', 'https://cdn.example/site/uploads/a%20b%2B%281%29.jpg?v=0123456789'],
    ['/uploads/ä ö.jpg', 'https://cdn.example/site/uploads/%C3%A4%20%C3%B6.jpg?v=0123456789'],
    ['https://www.example/uploads/a.jpg', 'https://cdn.example/site/uploads/a.jpg?v=0123456789'],
    ['https://api.example/cms/uploads/a.jpg', 'https://cdn.example/site/uploads/a.jpg?v=0123456789'],
  ])('%s', async (url, expected) => {
    const { urls } = makeUrls({ siteUrls: ['https://www.example'] }, 'https://api.example/cms/');
    expect(await publicUrl(urls, url)).toBe(expected);
  });

  test.each([
    ['a file that is not known', '/uploads/unknown.jpg'],
    ['an excluded file', '/uploads/secret/a.jpg'],
    ['another folder', '/other/a.jpg'],
    ['another site', 'https://other.example/uploads/a.jpg'],
    ['a path that cannot be decoded', '/uploads/%E0%A4%A.jpg'],
    ['a way out of the folder', '/uploads/../../etc/passwd'],
    ['what is public already', 'https://cdn.example/site/uploads/a.jpg?v=0123456789'],
  ])('%s keeps its own', async (_name, url) => {
    const { urls } = makeUrls({ siteUrls: ['https://cdn.example/site'] });
    expect(await publicUrl(urls, url)).toBe(url);
  });

  test('keys are relative to the synced directory', async () => {
    const { urls } = makeUrls({ directory: '/site/public/uploads' });
    expect(await publicUrl(urls, '/uploads/a.jpg')).toBe('https://cdn.example/site/a.jpg?v=0123456789');
  });

  test('the base is asked once for all keys of an answer that are not known yet', async () => {
    const { urls, learnt } = makeUrls();
    const answer = await urls.apply(['/uploads/late-1.jpg', '/uploads/a.jpg', '/uploads/late-2.jpg'], (list, resolve) =>
      list.map((url) => resolve(url) ?? url),
    );
    expect(learnt).toEqual([['uploads/late-1.jpg', 'uploads/late-2.jpg']]);
    expect(answer.every((url) => url.startsWith('https://cdn.example/'))).toBe(true);
  });

  test('other settings count at once', async () => {
    const { urls, change } = makeUrls();
    expect(await publicUrl(urls, '/uploads/a.jpg')).toBe('https://cdn.example/site/uploads/a.jpg?v=0123456789');
    change({ publicBaseUrl: 'https://other.example' });
    expect(await publicUrl(urls, '/uploads/a.jpg')).toBe('https://other.example/uploads/a.jpg?v=0123456789');
    change({ keyOf: () => undefined });
    expect(await publicUrl(urls, '/uploads/a.jpg')).toBe('/uploads/a.jpg');
  });

  test('without publicBaseUrl nothing changes', async () => {
    const { urls } = makeUrls({ publicBaseUrl: undefined });
    expect(urls.isOn).toBe(false);
    expect(await publicUrl(urls, '/uploads/a.jpg')).toBe('/uploads/a.jpg');
  });
});
