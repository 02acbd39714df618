import type { Intent } from '../../../server/src/sync/base/Base';
import { lastAgreed } from '../../../server/src/sync/lastAgreed';
import { baseEntry, fingerprint } from './support/entries';

const BASE = baseEntry();
const SENT = 'd41d8cd98f00b204e9800998ecf8427e';

const upload = (md5?: string): Intent => ({
  action: 'upload',
  at: 0,
  ...(md5 === undefined ? {} : { put: { key: 'x', action: 'put', md5, byName: false } }),
});

describe('what directory and bucket last agreed on', () => {
  test('is what base says, where every operation was noted', () => {
    expect(lastAgreed(BASE, undefined, { size: 3, etag: SENT }, undefined)).toBe(BASE);
    expect(lastAgreed(undefined, undefined, { size: 3, etag: SENT }, undefined)).toBeUndefined();
  });

  test.each([
    ['new', undefined],
    ['another version of it', BASE],
  ])('is what was uploaded without an answer, where the bucket holds exactly that (%s)', (_name, base) => {
    const agreed = lastAgreed(base, upload(SENT), { size: 3, etag: SENT }, undefined);
    expect(agreed).toMatchObject({ etag: SENT, md5: SENT, racy: true, fingerprint: { size: 3 } });
  });

  test.each<[string, Intent, { size: number; etag: string } | undefined]>([
    ['an upload that never arrived', upload(SENT), { size: 10, etag: 'other' }],
    ['an upload of which nothing is left', upload(SENT), undefined],
    ['an upload whose hash was not known', upload(), { size: 3, etag: SENT }],
    ['a download', { action: 'download', at: 0 }, { size: 3, etag: SENT }],
    ['a delete', { action: 'delete-remote', at: 0 }, { size: 3, etag: SENT }],
  ])('is doubtful after %s: both sides are looked at', (_name, intent, remote) => {
    expect(lastAgreed(BASE, intent, remote, fingerprint())).toEqual({ ...BASE, racy: true });
    expect(lastAgreed(undefined, intent, remote, fingerprint())).toBeUndefined();
  });

  describe('after a download', () => {
    const here = fingerprint({ ctimeNs: 9_999n });
    const { size, mtimeNs, inode } = here;
    const fetched = { size, mtimeNs, inode, etag: SENT, md5: SENT };
    const download: Intent = { action: 'download', at: 0, file: fetched };

    test.each([
      ['new', undefined],
      ['another version of it', BASE],
    ])(
      'is what was fetched, where that file stands in its place, whatever the bucket holds now (%s)',
      (_name, base) => {
        for (const remote of [undefined, { size: 3, etag: 'newer' }]) {
          expect(lastAgreed(base, download, remote, here)).toEqual({
            fingerprint: here,
            etag: SENT,
            md5: SENT,
            racy: true,
          });
        }
      },
    );

    test.each([
      ['size', { size: 11 }],
      ['time', { mtimeNs: 1n }],
      ['inode', { inode: 1n }],
    ])('is doubtful where another file does, by its %s', (_what, other) => {
      expect(lastAgreed(BASE, download, undefined, fingerprint(other))).toEqual({ ...BASE, racy: true });
      expect(lastAgreed(undefined, download, undefined, undefined)).toBeUndefined();
    });
  });
});
