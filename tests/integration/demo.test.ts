import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import supertest from 'supertest';
import { z } from 'zod';
import { syncNow } from '../support/runs';
import { repositoryRoot } from '../support/testApp';

/** A demo that has printed where everything is. */
interface ReadyDemo {
  process: ChildProcess;
  output: string;
  strapi: string;
  bucket: string;
  login: { email: string; password: string };
}

describe('The demo [in-project]', () => {
  let data: string;
  let demo: ReadyDemo | undefined;

  beforeAll(() => {
    data = mkdtempSync(path.join(tmpdir(), 's3-sync-demo-'));
  });

  afterEach(() => {
    demo?.process.kill('SIGKILL');
    demo = undefined;
  });

  afterAll(() => {
    rmSync(data, { recursive: true, force: true });
  });

  it('leaves the choice of the mode to the person, and syncs once it is made', async () => {
    demo = await startDemo(data);
    const admin = await logIn(demo);
    const before = settingsAnswer.parse((await admin.get('/s3-sync/settings')).body);
    const tooEarly = await admin.post('/s3-sync/runs').send({});
    const saved = await admin.put('/s3-sync/settings').send({ mode: 'SINGLE' });
    const run = await syncNow({ admin });
    const bucket = await readBucket(demo.bucket);
    const code = await end(demo, 'SIGINT');

    expect(before.settings).toEqual({ bucketName: 's3-sync-demo', awsRegion: 'us-east-1', mode: undefined });
    expect(tooEarly.status).toBe(400);
    expect([saved.status, run.status]).toEqual([200, 'done']);
    expect(bucket).toContain('uploads/large_sunrise');
    expect(bucket).toContain('uploads/circle_');
    expect(code).toBe(0);
    expect(await listening(demo)).toEqual([]);
  });

  it('starts again without a build, with what was done before, and leaves nothing running when killed', async () => {
    demo = await startDemo(data);
    const admin = await logIn(demo);
    const { settings } = settingsAnswer.parse((await admin.get('/s3-sync/settings')).body);
    await end(demo, 'SIGKILL');

    expect(settings.mode).toBe('SINGLE');
    expect(demo.output).not.toContain('sample images');
    expect(demo.output.match(/^✓ .*\(nothing changed\)$/gm)).toHaveLength(2);
    const left = async () => (await listening(demo)).length;
    await until(async () => (await left()) === 0, 'its servers have ended');
  });

  it('says what to do when a store of the person is named by halves', async () => {
    const child = spawn(process.execPath, ['playground/demo.mjs'], {
      cwd: repositoryRoot,
      env: { ...process.env, DEMO_DATA: data, S3_ENDPOINT: 'http://127.0.0.1:1', S3_BUCKET: undefined },
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await exitCode(child);
    expect(code).toBe(1);
    expect(output).toContain('S3_BUCKET is not');
  });
});

const settingsAnswer = z.object({
  settings: z.object({ bucketName: z.string(), awsRegion: z.string(), mode: z.string().nullish() }),
});

/** Starts the demo with a data folder of its own and waits until it has printed everything. */
async function startDemo(data: string): Promise<ReadyDemo> {
  const child = spawn(process.execPath, ['playground/demo.mjs'], {
    cwd: repositoryRoot,
    // Named stores of the person who runs the tests are none of the tests' business.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DEMO_DATA: data },
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  await until(() => output.includes('Stop with Ctrl-C') || child.exitCode !== null, 'the demo is ready', 110_000);
  const read = (pattern: RegExp) => {
    const found = pattern.exec(output)?.[1];
    if (found === undefined) {
      throw new Error(`The demo did not print ${pattern.source}.\n${output}`);
    }
    return found;
  };
  return {
    process: child,
    output,
    strapi: read(/S3 Sync +(http.+)\/admin\/settings\/s3-sync/),
    bucket: read(/bucket +(http\S+)/),
    login: { email: read(/log in +(\S+)/), password: read(/password: (\S+)/) },
  };
}

async function logIn(demo: ReadyDemo): Promise<ReturnType<typeof supertest.agent>> {
  const agent = supertest.agent(demo.strapi);
  const answer = await agent.post('/admin/login').send(demo.login);
  const { data } = z.object({ data: z.object({ token: z.string() }) }).parse(answer.body);
  agent.set('Authorization', `Bearer ${data.token}`);
  return agent;
}

/** The page that shows what the bucket holds. */
async function readBucket(address: string): Promise<string> {
  return decodeURIComponent(await (await fetch(address)).text());
}

async function end(demo: ReadyDemo, signal: NodeJS.Signals): Promise<number | null> {
  const exited = exitCode(demo.process);
  demo.process.kill(signal);
  return exited;
}

/** The code with which a process ends; null if a signal ended it. */
function exitCode(child: ChildProcess): Promise<number | null> {
  return once(child, 'exit').then(([code]) => z.number().nullable().parse(code));
}

/** Which of the demo's addresses still answer. */
async function listening(demo: ReadyDemo | undefined): Promise<string[]> {
  const addresses = demo === undefined ? [] : [demo.strapi, demo.bucket];
  const answers = await Promise.all(
    addresses.map((address) =>
      fetch(address).then(
        () => [address],
        () => [],
      ),
    ),
  );
  return answers.flat();
}

async function until(condition: () => boolean | Promise<boolean>, what: string, timeout = 60_000): Promise<void> {
  const end = performance.now() + timeout;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new Error(`Waited ${timeout / 1000} s, but not: ${what}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
