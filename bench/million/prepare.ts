/** Writes empty files, and the base of a directory that is in step with the lister: `prepare.ts <job> <total> <folders>`. */
import { closeSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { openBase } from '../../server/src/sync/base/LevelBase';
import { openStateDirectory } from '../../server/src/sync/base/StateDirectory';
import { job as jobSchema } from '../Job';
import { baseOf } from '../runEngine';
import { keyAt } from './keyAt';

const BATCH = 1_000;
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

async function main(): Promise<void> {
  const [text = '', ...sizes] = process.argv.slice(2);
  const [total = 0, folders = 1] = sizes.map(Number);
  const parsed: unknown = JSON.parse(text);
  const job = jobSchema.parse(parsed);
  const options = baseOf(job);
  mkdirSync(job.directory, { recursive: true });
  await openStateDirectory(options.stateDirectory);
  const base = await openBase(options);
  for (let at = 0; at < total; at += BATCH) {
    const results = Array.from({ length: Math.min(BATCH, total - at) }, (_, index) => {
      const key = keyAt(at + index, total, folders);
      const file = path.join(job.directory, key);
      mkdirSync(path.dirname(file), { recursive: true });
      closeSync(openSync(file, 'wx'));
      const { mtimeNs, ctimeNs, ino: inode } = lstatSync(file, { bigint: true });
      const entry = { fingerprint: { size: 0, mtimeNs, ctimeNs, inode }, etag: EMPTY_MD5, md5: EMPTY_MD5, racy: false };
      return { key, entry };
    });
    await base.settle(results);
  }
  await base.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
