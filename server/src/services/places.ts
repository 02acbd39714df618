import { stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { explain } from '../config/explain';
import type { SettingError, Settings } from '../config/settingsSchema';
import { STATE_FOLDER } from '../sync/KeyFilter';

/** The folder of the local upload provider, below the public directory. */
const UPLOADS = 'uploads';

/** Where a Strapi project keeps its files. */
export interface Project {
  /** Absolute path of the project. */
  root: string;
  /** Absolute path of the public directory. */
  publicDirectory: string;
}

/** The folders a run works on, all absolute. */
export interface Places {
  directory: string;
  stateDirectory: string;
}

/**
 * Turns the settings of folders into absolute paths. Relative ones begin at the project.
 * The state lives with the files it describes: in `uploads/`, where that folder is synced.
 */
export function resolvePlaces(project: Project, settings: Pick<Settings, 'directory' | 'stateDirectory'>): Places {
  const directory = resolve(project.root, settings.directory ?? project.publicDirectory);
  const uploads = join(project.publicDirectory, UPLOADS);
  const home = isInside(directory, uploads) ? uploads : directory;
  const stateDirectory =
    settings.stateDirectory === undefined ? join(home, STATE_FOLDER) : resolve(project.root, settings.stateDirectory);
  return { directory, stateDirectory };
}

/** Says what is wrong with the folders of the settings. Looks at paths only, not at the disk. */
export function explainPlaces(project: Project, places: Places): SettingError[] {
  const errors: SettingError[] = [];
  if (!isInside(project.publicDirectory, places.directory)) {
    errors.push({
      path: ['directory'],
      ...explain('DIRECTORY_OUTSIDE', { directory: project.publicDirectory }),
    });
  }
  const below = relative(places.directory, places.stateDirectory).split(sep);
  if (isInside(project.publicDirectory, places.stateDirectory) && !below.includes(STATE_FOLDER)) {
    errors.push({
      path: ['stateDirectory'],
      ...explain('STATE_DIRECTORY_SERVED', { folder: STATE_FOLDER }),
    });
  }
  return errors;
}

/** Whether the synced directory is there. Any other failure than its absence is for the run to report. */
export async function directoryExists(directory: string): Promise<boolean> {
  try {
    return (await stat(directory)).isDirectory();
  } catch (error) {
    return !(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'));
  }
}

/** Whether only files of the Media Library, and not the folder around them, are synced. */
export function isInsideUploads(project: Project, directory: string): boolean {
  return isInside(join(project.publicDirectory, UPLOADS), directory);
}

/**
 * The key of a file of the Media Library.
 *
 * @param name its file name in `uploads/`.
 * @returns the key, or `undefined` where the synced directory does not hold that folder.
 */
export function keyOfUpload(project: Project, directory: string, name: string): string | undefined {
  const file = join(project.publicDirectory, UPLOADS, name);
  return isInside(directory, file) && file !== directory ? relative(directory, file).split(sep).join('/') : undefined;
}

/**
 * The other way round: the file name in `uploads/` of a key.
 *
 * @returns the name, or `undefined` where the key is not a file directly in that folder.
 */
export function uploadOfKey(project: Project, directory: string, key: string): string | undefined {
  const uploads = join(project.publicDirectory, UPLOADS);
  const file = join(directory, key);
  const name = relative(uploads, file);
  return isInside(uploads, file) && name !== '' && !name.includes(sep) ? name : undefined;
}

function isInside(parent: string, child: string): boolean {
  const path = relative(parent, child);
  return path === '' || (path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path));
}
