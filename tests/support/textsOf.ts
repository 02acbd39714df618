import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** The texts of the page in a language, by key. */
export function textsOf(language: string): Record<string, string> {
  const file = path.join(__dirname, '../../admin/src/translations', `${language}.json`);
  return z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, 'utf8')));
}
