import path from 'node:path';
import type { Job } from './Job';

/** A command of another process, with its environment. */
export interface Command {
  program: string;
  args: string[];
  env: Record<string, string>;
}

/** A tool that takes part. */
export interface Contender {
  name: string;
  /** What does a job. Where the tool cannot do it, `undefined`. */
  command(job: Job): Command | undefined;
  /** What starts the tool and does nothing, to leave out what a process start takes; ours and other scripts time themselves. */
  idle?: Command;
  /** Prints the tool's version. */
  version?: Command;
}

const PARALLEL = 16;

const aws = (job: Job) => ({
  AWS_ACCESS_KEY_ID: job.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: job.credentials.secretAccessKey,
  AWS_REGION: 'us-east-1',
});

/** A script of this folder: it times itself, so that neither Node's start nor tsx counts. */
function script(name: string): (job: Job) => Command {
  return (job) => ({
    program: process.execPath,
    args: ['--expose-gc', '--import', 'tsx', path.join(__dirname, 'contenders', `${name}.ts`), JSON.stringify(job)],
    env: {},
  });
}

const rclone: Contender = {
  name: 'rclone',
  command: (job) => {
    const remote = `bench:${job.bucket}/uploads`;
    const local = path.join(job.directory, 'uploads');
    const [from, to] = job.direction === 'up' ? [local, remote] : [remote, local];
    return {
      program: 'rclone',
      args: [
        'sync',
        from,
        to,
        `--transfers=${PARALLEL}`,
        `--checkers=${PARALLEL}`,
        // What its own documentation says for S3: no HEAD for each object.
        '--fast-list',
        '--update',
        '--use-server-modtime',
        '--s3-no-check-bucket',
      ],
      env: {
        RCLONE_CONFIG: '/dev/null',
        RCLONE_CONFIG_BENCH_TYPE: 's3',
        RCLONE_CONFIG_BENCH_PROVIDER: 'Ceph',
        RCLONE_CONFIG_BENCH_ENDPOINT: job.endpoint,
        RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: job.credentials.accessKeyId,
        RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: job.credentials.secretAccessKey,
      },
    };
  },
  idle: { program: 'rclone', args: ['version'], env: { RCLONE_CONFIG: '/dev/null' } },
  version: { program: 'rclone', args: ['version'], env: { RCLONE_CONFIG: '/dev/null' } },
};

const awscli: Contender = {
  name: 'awscli',
  command: (job) => {
    const remote = `s3://${job.bucket}/uploads`;
    const local = path.join(job.directory, 'uploads');
    const [from, to] = job.direction === 'up' ? [local, remote] : [remote, local];
    return {
      program: '/usr/bin/aws',
      args: ['s3', 'sync', from, to, '--delete', '--only-show-errors', '--endpoint-url', job.endpoint],
      env: { ...aws(job), AWS_CONFIG_FILE: path.join(__dirname, 'aws.config') },
    };
  },
  idle: { program: '/usr/bin/aws', args: ['--version'], env: {} },
  version: { program: '/usr/bin/aws', args: ['--version'], env: {} },
};

/** Ours first, as the command line runs it and then as a server does; `bare` is no sync, but the limit: the same PUTs or GETs by a keep-alive client that does nothing else. */
export const contenders: readonly Contender[] = [
  { name: 's3-sync', command: script('s3Sync') },
  { name: 's3-sync, server', command: script('s3SyncWarm') },
  rclone,
  awscli,
  { name: 's3-sync-client', command: script('s3SyncClient') },
  { name: 'bare client', command: (job) => (job.bare === true ? script('bareClient')(job) : undefined) },
];
