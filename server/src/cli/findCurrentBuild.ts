import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['config', 'src'];

/**
 * Whether the compiled files of a TypeScript project are newer than their sources: compiling takes longer than all the
 * rest of a command.
 *
 * @param root the project's folder, with a tsconfig.json.
 * @returns the folder of the compiled files, or `undefined` where they are missing or older.
 */
export function findCurrentBuild(root: string): string | undefined {
  const tsconfig = join(root, 'tsconfig.json');
  const outDir = /"outDir"\s*:\s*"([^"]+)"/.exec(readFileSync(tsconfig, 'utf8'))?.[1] ?? 'dist';
  const build = join(root, outDir);
  const builtAt = modifiedAt(join(build, 'tsconfig.tsbuildinfo'));
  if (builtAt === undefined || modifiedAt(join(build, 'config')) === undefined) return undefined;
  const newest = Math.max(modifiedAt(tsconfig) ?? 0, ...SOURCES.map((name) => newestBelow(join(root, name), name)));
  return newest < builtAt ? build : undefined;
}

/** The admin's sources are bundled, not compiled. */
function newestBelow(folder: string, name: string): number {
  if (name === 'src/admin') return 0;
  let newest = 0;
  for (const entry of readFolder(folder)) {
    const path = join(folder, entry.name);
    const time = entry.isDirectory() ? newestBelow(path, `${name}/${entry.name}`) : (modifiedAt(path) ?? 0);
    newest = Math.max(newest, time);
  }
  return newest;
}

function readFolder(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function modifiedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
