import { z } from 'zod';

const count = (max: number, fallback: number) => {
  const range = `Must be a whole number from 1 to ${max}.`;
  return z.coerce.number(range).int(range).min(1, range).max(max, range).default(fallback);
};

/** `?page=&pageSize=`: pages count from 1. */
export const pageQuery = z.object({ page: count(1_000_000, 1), pageSize: count(100, 25) });
