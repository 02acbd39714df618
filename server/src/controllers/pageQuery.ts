import { z } from 'zod';

const count = (max: number, fallback: number) => {
  const range = `Must be a whole number from 1 to ${max}.`;
  return z.coerce.number(range).int(range).min(1, range).max(max, range).default(fallback);
};

/** `?page=&pageSize=`: pages count from 1. */
export const pageQuery = z.object({ page: count(1_000_000, 1), pageSize: count(100, 25) });

/** A word out of a few. */
export const oneOf = <const Names extends readonly string[]>(names: Names) =>
  z.enum(names, `Must be one of: ${names.join(', ')}.`);

/** Text that is looked for. */
export const searchText = z.string('Must be text.').max(1_000, 'Must be at most 1,000 characters long.').optional();
