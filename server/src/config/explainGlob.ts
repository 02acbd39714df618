import { createKeyFilter } from '../sync/KeyFilter';
import { explain, type Explanation } from './explain';

const MAX_LENGTH = 256;

/**
 * A matcher tries every way to divide a name between the stars of a pattern: with six in one name, a name of 255
 * letters takes minutes, with three some milliseconds.
 */
const MAX_STARS_IN_A_NAME = 3;
const MAX_STARS = 4;
const MAX_GLOBSTARS = 2;
const MAX_BRACES = 3;

/** Says why a text cannot be used as a glob for keys, or `undefined` where it can. */
export function explainGlob(glob: string): Explanation | undefined {
  if (glob === '') return explain('PATTERN_EMPTY');
  if (glob.length > MAX_LENGTH) return explain('PATTERN_LENGTH', { max: MAX_LENGTH });
  if (glob.includes('\0')) return explain('PATTERN_NUL');
  if (glob.includes('\\')) return explain('PATTERN_BACKSLASH');
  if (glob.startsWith('/') || /^[A-Za-z]:/.test(glob)) return explain('PATTERN_ABSOLUTE');
  const names = glob.split('/');
  if (names.includes('..') || names.includes('.')) return explain('PATTERN_DOTS');
  if (names.includes('')) return explain('PATTERN_SLASHES');
  if (/[!@?*+]\(/.test(glob)) return explain('PATTERN_EXTENDED');
  if (glob.startsWith('!')) return explain('PATTERN_NEGATED');
  const stars = names.filter((name) => name !== '**').map(countStars);
  if (sum(stars) > MAX_STARS || Math.max(0, ...stars) > MAX_STARS_IN_A_NAME) {
    return explain('PATTERN_STARS', { max: MAX_STARS, maxInName: MAX_STARS_IN_A_NAME });
  }
  if (names.filter((name) => name === '**').length > MAX_GLOBSTARS) {
    return explain('PATTERN_GLOBSTARS', { max: MAX_GLOBSTARS });
  }
  if (/\{[^}]*\{/.test(glob) || (glob.match(/\{/g) ?? []).length > MAX_BRACES) {
    return explain('PATTERN_BRACES', { max: MAX_BRACES });
  }
  if (!balanced(glob, '{', '}') || !balanced(glob, '[', ']') || !balanced(glob, '(', ')')) {
    return explain('PATTERN_BRACKET');
  }
  try {
    createKeyFilter({ include: [glob], exclude: [] }).matches('uploads/a.jpg');
    return undefined;
  } catch {
    return explain('PATTERN_UNREADABLE');
  }
}

/** Stars side by side count as one. */
function countStars(text: string): number {
  return (text.match(/\*+/g) ?? []).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function balanced(text: string, open: string, close: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === open) depth += 1;
    if (character === close) depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
