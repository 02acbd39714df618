import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CommandError } from '../commands/CommandError';

const packageSchema = z.object({
  dependencies: z.record(z.string(), z.string()).catch({}),
  devDependencies: z.record(z.string(), z.string()).catch({}),
  strapi: z.object({ kind: z.string().optional() }).catch({}),
});

/**
 * Finds the Strapi project around a folder. A plugin's own folder inside a project, which names Strapi too, is passed.
 *
 * @param from absolute path.
 * @returns the project's folder.
 * @throws {CommandError} outside of one.
 */
export function findProject(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (isProject(folder)) return folder;
    if (folder === dirname(folder)) break;
  }
  throw new CommandError({
    code: 'NO_PROJECT',
    message: `There is no Strapi project in ${from}, nor in a folder above it.`,
    fix: 'Change to the folder of your Strapi project, then run the command again.',
  });
}

function isProject(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const parsed = packageSchema.safeParse(readJson(file));
  if (!parsed.success || parsed.data.strapi.kind === 'plugin') return false;
  const { dependencies, devDependencies } = parsed.data;
  const namesStrapi = '@strapi/strapi' in dependencies || '@strapi/strapi' in devDependencies;
  return namesStrapi && ['config', 'dist/config'].some((name) => existsSync(join(folder, name)));
}

function readJson(file: string): unknown {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return value;
  } catch {
    return undefined;
  }
}
