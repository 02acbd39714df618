const SURROGATE = 0xd800;
const AFTER_SURROGATES = 0xe000;

/**
 * Orders two keys by their UTF-8 bytes, which is how S3 lists them and how the base stores them.
 *
 * JavaScript compares UTF-16 units, which differs for characters beyond the Basic Multilingual Plane: their
 * surrogates (D800-DFFF) stand before E000-FFFF although the characters come after.
 *
 * @returns a negative number, 0 or a positive number, as for `Array.prototype.sort`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html (keys in UTF-8 binary order)
 */
export function compareKeys(a: string, b: string): number {
  // Most keys of a merge stand on all sides, and the engine compares equal strings many times faster.
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates behind all other units, so that ranks order like code points (and so like UTF-8 bytes). */
function codePointRank(unit: number): number {
  if (unit < SURROGATE) return unit;
  return unit >= AFTER_SURROGATES ? unit - 0x800 : unit + 0x2000;
}
