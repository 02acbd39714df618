import { createKeyFilter } from '../sync/KeyFilter';

const MAX_LENGTH = 256;

/** `a*a*a*…` takes time that grows with the power of its stars: a few are plenty for file names. */
const MAX_WILDCARDS = 6;
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
  if ((glob.match(/\*+/g) ?? []).length > MAX_WILDCARDS) return `A pattern has at most ${MAX_WILDCARDS} wildcards.`;
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

function balanced(text: string, open: string, close: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === open) depth += 1;
    if (character === close) depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
