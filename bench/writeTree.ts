import { randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';

const FILES_IN_A_FOLDER = 1000;
const MIB = 2 ** 20;

/** The file of a number, below a folder of a thousand files. */
export function fileAt(directory: string, index: number): string {
  const folder = String(Math.floor(index / FILES_IN_A_FOLDER)).padStart(4, '0');
  return path.join(directory, 'uploads', folder, `file-${String(index).padStart(7, '0')}.bin`);
}

/** Writes files of random bytes, which no store and no disk can make smaller. */
export async function writeFiles(directory: string, from: number, to: number, bytes: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    const file = fileAt(directory, index);
    if (index === from || index % FILES_IN_A_FOLDER === 0) await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, randomBytes(bytes));
  }
}

/** Writes one large file, `uploads/large.bin`. */
export async function writeLargeFile(directory: string, mebibytes: number): Promise<void> {
  await mkdir(path.join(directory, 'uploads'), { recursive: true });
  const file = await open(path.join(directory, 'uploads', 'large.bin'), 'w');
  for (let written = 0; written < mebibytes; written += 1) await file.write(randomBytes(MIB));
  await file.close();
}
