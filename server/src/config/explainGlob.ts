import { createKeyFilter } from '../sync/KeyFilter';

const MAX_LENGTH = 256;

/**
 * A matcher tries every way to divide a name between the stars of a pattern: with six in one name, a name of 255
 * letters takes minutes, with three some milliseconds.
 */
const MAX_STARS_IN_A_NAME = 3;
const MAX_STARS = 4;
const MAX_GLOBSTARS = 2;
const MAX_BRACES = 3;

/**
 * Says why a text cannot be used as a glob for keys, or `undefined` where it can.
 *
 * @returns one or two plain sentences.
 */
export function explainGlob(glob: string): string | undefined {
  if (glob === '') return 'A pattern cannot be empty.';
  if (glob.length > MAX_LENGTH) return `A pattern has at most ${MAX_LENGTH} characters.`;
  if (glob.includes('\0')) return 'A pattern cannot hold a NUL character.';
  if (glob.includes('\\')) return 'Write folders with "/", not with a backslash.';
  if (glob.startsWith('/') || /^[A-Za-z]:/.test(glob)) {
    return 'A pattern is relative to the synced directory. It cannot begin with "/" or a drive letter.';
  }
  const names = glob.split('/');
  if (names.includes('..') || names.includes('.')) return 'A pattern cannot hold the folder names "." or "..".';
  if (names.includes('')) return 'A pattern cannot hold two slashes in a row or end with one.';
  if (/[!@?*+]\(/.test(glob)) return 'Patterns like "+(…)" are not supported.';
  if (glob.startsWith('!')) return 'A pattern cannot begin with "!". Use the other list instead.';
  const stars = names.filter((name) => name !== '**').map(countStars);
  if (sum(stars) > MAX_STARS || Math.max(0, ...stars) > MAX_STARS_IN_A_NAME) {
    return `A pattern has at most ${MAX_STARS} stars, and ${MAX_STARS_IN_A_NAME} in one name.`;
  }
  if (names.filter((name) => name === '**').length > MAX_GLOBSTARS) {
    return `A pattern has at most ${MAX_GLOBSTARS} folders "**".`;
  }
  if (/\{[^}]*\{/.test(glob) || (glob.match(/\{/g) ?? []).length > MAX_BRACES) {
    return `A pattern has at most ${MAX_BRACES} lists in braces, none inside another.`;
  }
  if (!balanced(glob, '{', '}') || !balanced(glob, '[', ']') || !balanced(glob, '(', ')')) {
    return 'A bracket of this pattern is not closed.';
  }
  try {
    createKeyFilter({ include: [glob], exclude: [] }).matches('uploads/a.jpg');
    return undefined;
  } catch {
    return 'This pattern cannot be understood.';
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
