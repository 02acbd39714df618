import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { ContentHash } from '../../../server/src/sync/ContentHash';
import { provesEqual } from '../../../server/src/sync/provesEqual';

const MIB = 1024 * 1024;

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}

/** The ETag that S3 makes of an upload in parts of this size. */
function multipartEtag(content: Buffer, partSize: number): string {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += partSize) parts.push(md5(content.subarray(at, at + partSize)));
  return `${md5(Buffer.concat(parts)).toString('hex')}-${parts.length}`;
}

function digestOf(content: Buffer, etag: string | undefined, chunk = content.length || 1) {
  const hash = new ContentHash(content.length, etag);
  for (let at = 0; at < content.length; at += chunk) hash.update(content.subarray(at, at + chunk));
  return hash.digest();
}

function proof(content: Buffer, etag: string): boolean | undefined {
  return provesEqual(digestOf(content, etag), { size: content.length, etag }, undefined);
}

describe('ContentHash', () => {
  it('gives size and MD5, whatever the chunks', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (bytes, chunk) => {
        const content = Buffer.from(bytes);
        const expected = { size: content.length, md5: md5(content).toString('hex') };
        expect(digestOf(content, undefined, chunk)).toMatchObject(expected);
      }),
    );
  });

  it('knows the MD5 of nothing', () => {
    expect(digestOf(Buffer.alloc(0), undefined).md5).toBe('d41d8cd98f00b204e9800998ecf8427e');
  });

  it('does not compute parts where the ETag has none', () => {
    expect(digestOf(randomBytes(20), 'a'.repeat(32)).composedEtags).toEqual([]);
  });

  it('does not compute parts where their number fits no usual size', () => {
    expect(digestOf(randomBytes(20), `${'a'.repeat(32)}-7`).composedEtags).toEqual([]);
  });

  const large = randomBytes(20 * MIB + 17);

  it.each([5, 8, 16])('proves an object equal that was uploaded in parts of %i MiB', (mib) => {
    const etag = multipartEtag(large, mib * MIB);
    for (const chunk of [MIB, 3 * MIB + 1, 8 * MIB, large.length]) {
      const digest = digestOf(large, etag, chunk);
      expect(provesEqual(digest, { size: large.length, etag }, undefined)).toBe(true);
    }
  });

  it('proves an object equal whose parts end exactly with the file', () => {
    const content = large.subarray(0, 16 * MIB);
    expect(proof(content, multipartEtag(content, 8 * MIB))).toBe(true);
    expect(proof(content, multipartEtag(content, 16 * MIB))).toBe(true);
  });

  it('proves a small object equal that was uploaded in one part', () => {
    const content = randomBytes(100);
    expect(proof(content, multipartEtag(content, 8 * MIB))).toBe(true);
  });

  it('proves nothing of parts of an unusual size', () => {
    expect(proof(large, multipartEtag(large, 7 * MIB))).toBeUndefined();
  });

  it('does not call an object equal that differs in one byte', () => {
    const other = Buffer.from(large);
    other[large.length - 1] = (other[large.length - 1] ?? 0) ^ 1;
    for (const mib of [5, 8, 16]) expect(proof(large, multipartEtag(other, mib * MIB))).toBeUndefined();
    expect(proof(large, md5(other).toString('hex'))).toBeUndefined();
  });
});
