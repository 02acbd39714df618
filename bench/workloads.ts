import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileAt, writeFiles, writeLargeFile } from './writeTree';

/** What a workload can use to get ready. */
export interface Stage {
  directory: string;
  /** An empty bucket in place of the one there was. */
  newBucket(): Promise<void>;
  /** Makes the bucket as the directory, by this plugin's engine. */
  syncUp(): Promise<void>;
}

/** Work that every contender does in turns. */
export interface Workload {
  id: string;
  title: string;
  direction: 'up' | 'down';
  /** The bare client can do it, too. */
  bare?: boolean;
  /** Once, before all turns. */
  prepare(stage: Stage): Promise<void>;
  /** Before each turn. */
  beforeTurn?(stage: Stage): Promise<void>;
}

const SMALL = 8 * 1024;
const LARGE_MIB = 1024;
const CHANGED = 10;

const forget = ({ directory }: Stage) => rm(path.join(directory, 'state'), { recursive: true, force: true });
const emptyDirectory = async (stage: Stage) => {
  await forget(stage);
  await rm(path.join(stage.directory, 'uploads'), { recursive: true, force: true });
};

/** A directory and a bucket that are the same. */
const inStep = (count: number) => async (stage: Stage) => {
  await writeFiles(stage.directory, 0, count, SMALL);
  await stage.newBucket();
  await stage.syncUp();
};

const unchanged = (count: number): Workload => ({
  id: `unchanged-${count}`,
  title: `Reconcile of ${count.toLocaleString('en')} files, nothing changed`,
  direction: 'up',
  prepare: inStep(count),
});

/** The work of the table, by the order of its rows. */
export const workloads = (small: number, many: number): Workload[] => [
  {
    id: 'first-upload',
    title: `First upload of ${small.toLocaleString('en')} files of 8 KiB`,
    direction: 'up',
    bare: true,
    prepare: ({ directory }) => writeFiles(directory, 0, small, SMALL),
    beforeTurn: async (stage) => {
      await forget(stage);
      await stage.newBucket();
    },
  },
  {
    id: 'first-download',
    title: `First download of ${small.toLocaleString('en')} files of 8 KiB`,
    direction: 'down',
    prepare: inStep(small),
    beforeTurn: emptyDirectory,
  },
  unchanged(small),
  unchanged(many),
  {
    id: 'ten-changed',
    title: `Reconcile of ${many.toLocaleString('en')} files, ${CHANGED} changed`,
    direction: 'up',
    prepare: inStep(many),
    beforeTurn: ({ directory }) => writeFiles(directory, 0, CHANGED, SMALL),
  },
  {
    id: 'delete',
    title: `Delete of ${(small / 2).toLocaleString('en')} of ${small.toLocaleString('en')} files`,
    direction: 'up',
    prepare: inStep(small),
    beforeTurn: async (stage) => {
      // Every second one: a folder that lost all of its files would be a matter for a guard.
      for (let index = 0; index < small; index += 2) await writeFiles(stage.directory, index, index + 1, SMALL);
      await stage.syncUp();
      for (let index = 0; index < small; index += 2) await rm(fileAt(stage.directory, index));
    },
  },
  {
    id: 'large-upload',
    title: 'Upload of one file of 1 GiB',
    direction: 'up',
    prepare: ({ directory }) => writeLargeFile(directory, LARGE_MIB),
    beforeTurn: async (stage) => {
      await forget(stage);
      await stage.newBucket();
    },
  },
  {
    id: 'large-download',
    title: 'Download of one file of 1 GiB',
    direction: 'down',
    prepare: async (stage) => {
      await writeLargeFile(stage.directory, LARGE_MIB);
      await stage.newBucket();
      await stage.syncUp();
    },
    beforeTurn: emptyDirectory,
  },
];
