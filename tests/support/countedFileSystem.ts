import fs from 'node:fs/promises';
import timers from 'node:timers/promises';
import { Steps } from './Steps';

const { rename, link, unlink, rm, rmdir, utimes, mkdir, open, writeFile, copyFile } = fs;
const { setTimeout: sleep } = timers;

/**
 * Makes each change of the disk a step of the run that does it, and lets nobody sleep.
 * @returns a function that undoes it.
 */
export function countFileSystem(): () => void {
  const counted = {
    rename: asStep(rename),
    link: asStep(link),
    unlink: asStep(unlink),
    rm: asStep(rm),
    rmdir: asStep(rmdir),
    utimes: asStep(utimes),
    mkdir: asStep(mkdir),
    writeFile: asStep(writeFile),
    copyFile: asStep(copyFile),
    open: asStep(open, ([, flags]) => typeof flags === 'string' && flags.startsWith('w')),
  };
  Object.assign(fs, counted);
  Object.assign(timers, { setTimeout: (_milliseconds: number, value: unknown) => Promise.resolve(value) });
  return () => {
    Object.assign(fs, { rename, link, unlink, rm, rmdir, utimes, mkdir, open, writeFile, copyFile });
    Object.assign(timers, { setTimeout: sleep });
  };
}

/** @param changes whether a call with these arguments changes anything; by default each does. */
function asStep<F extends (...args: never[]) => Promise<unknown>>(
  original: F,
  changes: (args: unknown[]) => boolean = () => true,
): F {
  return new Proxy(original, {
    async apply(target, self, args: unknown[]): Promise<unknown> {
      if (changes(args)) await Steps.take();
      const result: unknown = await Reflect.apply(target, self, args);
      return result;
    },
  });
}
