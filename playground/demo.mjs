/**
 * `npm run demo`: this playground with the plugin, an S3 server and a few articles, ready to be clicked.
 * Node's built-ins only: it installs and builds what is missing first.
 *
 * On a store of your own: S3_BUCKET, S3_REGION, S3_ENDPOINT (not for AWS), and AWS_ACCESS_KEY_ID with
 * AWS_SECRET_ACCESS_KEY (or S3_ACCESS_KEY with S3_SECRET_KEY). It writes below `s3-sync-demo/` only.
 *
 * DEMO_DATA names the folder that keeps what you did, DEMO_EXIT_WHEN_READY=1 stops it as soon as everything runs.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

const started = performance.now();
if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`The demo needs Node 20 or newer. This is ${process.version}.`);
  process.exit(1);
}

const { buildAdmin, buildPlugin, CommandError, install, playground, root, secondsSince, tail } =
  await import('./prepare.mjs');
const { BackgroundProcess } = await import('./demo/BackgroundProcess.mjs');
const { StrapiAnswerError, StrapiClient } = await import('./demo/StrapiClient.mjs');
const { seed } = await import('./demo/seed.mjs');

/** @type {InstanceType<typeof BackgroundProcess>[]} */
const running = [];
let stopping = false;

/** Stops all that was started, last one first, and ends. A second Ctrl-C does not wait. */
async function stop(exitCode) {
  if (stopping) {
    process.exit(exitCode);
  }
  stopping = true;
  for (const server of running.reverse()) {
    await server.stop();
  }
  process.exit(exitCode);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    console.log('\nStopping.');
    void stop(0);
  });
}

/** Does one step and prints how long it took; a failure ends the demo with what to do. */
async function step(name, work, advice) {
  const start = performance.now();
  try {
    const answer = await work();
    console.log(`✓ ${name}: ${secondsSince(start)}${typeof answer === 'string' ? ` (${answer})` : ''}`);
    return answer;
  } catch (error) {
    if (stopping) {
      // It failed because the demo is being stopped.
      await new Promise(() => {});
    }
    console.error(`✗ ${name}: ${secondsSince(start)}. ${error.message}`);
    if (error instanceof CommandError) {
      console.error(tail(error.output));
    }
    console.error(`\nWhat to do: ${advice}`);
    await stop(1);
    throw error;
  }
}

const ownStore = readOwnStore();
const allData = path.resolve(process.env.DEMO_DATA ?? path.join(playground, '.tmp'));
const dataFolder = path.join(allData, ownStore === undefined ? 'demo' : `demo-${ownStore.id}`);
const state = readState();

await step('install packages', install, 'see what npm says above. Is this machine online? Try again: npm ci');
await step('build the plugin', buildPlugin, 'fix what the build names, then run the demo again.');
await step('build the admin', buildAdmin, 'fix what the build names, then run the demo again.');
const store = ownStore ?? (await step('start an S3 server', startStore, 'see its output above.')).store;
const url = await step('start Strapi', startStrapi, 'see its log above. To begin anew, delete playground/.tmp.');
const client = new StrapiClient(url.href);
await step('administrator', logIn, 'delete playground/.tmp to begin anew with a new administrator.');
if (state.settingsFor !== store.id) {
  await step('name the bucket in the settings', saveSettings, 'see the answer above.');
}
if (!state.seeded) {
  await step('sample images and articles', seedOnce, 'delete playground/.tmp to begin anew.');
}
printReady();
if (process.env.DEMO_EXIT_WHEN_READY === '1') {
  await stop(0);
}

/** The store that the environment names, if it names one. */
function readOwnStore() {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_REGION: region = 'us-east-1' } = process.env;
  if (bucket === undefined) {
    if (endpoint !== undefined) {
      console.error('S3_ENDPOINT is set, S3_BUCKET is not. Set both for a store of your own, or none of them.');
      process.exit(1);
    }
    return undefined;
  }
  const prefix = 's3-sync-demo/';
  const id = createHash('sha256').update([endpoint, bucket].join(' ')).digest('hex').slice(0, 8);
  return {
    id,
    bucket,
    region,
    browse: `with your store's own tools: bucket ${bucket}, below ${prefix}`,
    env: {
      S3_ENDPOINT: endpoint,
      S3_FORCE_PATH_STYLE: process.env.S3_FORCE_PATH_STYLE ?? (endpoint === undefined ? undefined : 'true'),
      S3_PREFIX: prefix,
      S3_ACCESS_KEY: process.env.S3_ACCESS_KEY ?? process.env.AWS_ACCESS_KEY_ID,
      S3_SECRET_KEY: process.env.S3_SECRET_KEY ?? process.env.AWS_SECRET_ACCESS_KEY,
      S3_SESSION_TOKEN: process.env.S3_SESSION_TOKEN ?? process.env.AWS_SESSION_TOKEN,
    },
  };
}

/** What the demo keeps from one start to the next: secrets made here, the login, ports, what is done already. */
function readState() {
  const file = path.join(dataFolder, 'demo.json');
  if (existsSync(file)) {
    return JSON.parse(readFileSync(file, 'utf8'));
  }
  const secret = () => randomBytes(24).toString('base64url');
  return {
    email: 'admin@example.com',
    password: `Demo-${randomBytes(5).toString('hex')}`,
    secrets: {
      APP_KEYS: `${secret()},${secret()}`,
      ADMIN_JWT_SECRET: secret(),
      API_TOKEN_SALT: secret(),
      TRANSFER_TOKEN_SALT: secret(),
      ENCRYPTION_KEY: secret(),
      JWT_SECRET: secret(),
    },
    store: { accessKey: 's3-sync-demo', secretKey: secret() },
    ports: {},
    seeded: false,
  };
}

function saveState() {
  mkdirSync(dataFolder, { recursive: true });
  writeFileSync(path.join(dataFolder, 'demo.json'), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}

/** A free port: the one of the last start if it is free, so that addresses stay. */
async function choosePort(name, usual) {
  for (const wanted of [state.ports[name] ?? usual, usual, 0]) {
    const port = await new Promise((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(undefined));
      probe.listen(wanted, '127.0.0.1', () => {
        const { port: free } = probe.address();
        probe.close(() => resolve(free));
      });
    });
    if (port !== undefined) {
      state.ports[name] = port;
      return port;
    }
  }
  throw new Error('No free port on 127.0.0.1.');
}

/** Starts a server and ends the demo when that server ends. */
function startServer(name, args, options) {
  const server = new BackgroundProcess(name, args, options);
  running.push(server);
  server.onUnexpectedExit(({ message, output }) => {
    if (!stopping) {
      console.error(`${message}\n${tail(output)}`);
      void stop(1);
    }
  });
  return server;
}

async function startStore() {
  const port = await choosePort('s3', 9100);
  const { accessKey, secretKey } = state.store;
  const bucket = 's3-sync-demo';
  const region = 'us-east-1';
  const server = startServer('the S3 server', ['--import', 'tsx', 'tests/support/s3-server/main.ts'], {
    cwd: root,
    env: {
      ...process.env,
      S3_SERVER_PORT: String(port),
      S3_SERVER_DATA_DIR: path.join(allData, 's3'),
      S3_SERVER_ACCESS_KEY: accessKey,
      S3_SERVER_SECRET_KEY: secretKey,
      S3_SERVER_REGION: region,
      S3_SERVER_BUCKET: bucket,
    },
  });
  // It prints one line of JSON when it is ready.
  const { endpoint, browse } = await server.ready(() => {
    const line = /^\{.*\}$/m.exec(server.output);
    return line === null ? undefined : JSON.parse(line[0]);
  }, 30_000);
  return {
    store: {
      id: endpoint,
      bucket,
      region,
      browse,
      env: {
        S3_ENDPOINT: endpoint,
        S3_FORCE_PATH_STYLE: 'true',
        S3_ACCESS_KEY: accessKey,
        S3_SECRET_KEY: secretKey,
      },
    },
  };
}

async function startStrapi() {
  const port = await choosePort('strapi', 1337);
  mkdirSync(path.join(dataFolder, 'public', 'uploads'), { recursive: true });
  saveState();
  // Bucket and region are settings here, to be changed on the page: set in the environment they would be locked.
  const { S3_BUCKET: _bucket, S3_REGION: _region, ...env } = process.env;
  const strapi = startServer('Strapi', [path.join(root, 'node_modules/@strapi/strapi/bin/strapi.js'), 'start'], {
    cwd: playground,
    env: {
      ...env,
      ...state.secrets,
      ...store.env,
      NODE_ENV: 'production',
      STRAPI_TELEMETRY_DISABLED: 'true',
      HOST: process.env.HOST ?? '127.0.0.1',
      PORT: String(port),
      DATABASE_FILENAME: path.join(dataFolder, 'data.db'),
      PUBLIC_DIR: path.join(dataFolder, 'public'),
    },
  });
  const address = `http://localhost:${port}`;
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/_health`).then(
      (response) => response.ok || undefined,
      () => undefined,
    );
  await strapi.ready(answers, 60_000);
  return { href: `http://127.0.0.1:${port}`, address };
}

async function logIn() {
  try {
    await client.logIn(state);
  } catch (error) {
    if (error instanceof StrapiAnswerError && error.status === 400) {
      throw new Error(`${state.email} has another password than the one that the demo made.`);
    }
    throw error;
  }
}

async function saveSettings() {
  await client.request('PUT', '/s3-sync/settings', { bucketName: store.bucket, awsRegion: store.region });
  state.settingsFor = store.id;
  saveState();
}

async function seedOnce() {
  await seed(client);
  state.seeded = true;
  saveState();
}

function printReady() {
  console.log(`
Ready in ${secondsSince(started)}.

  S3 Sync     ${url.address}/admin/settings/s3-sync
  log in      ${state.email}   password: ${state.password}
  bucket      ${store.browse}
  files       ${shown(path.join(dataFolder, 'public', 'uploads'))}

Choose a mode, save, press "Sync Files Now", and look into the bucket.
Stop with Ctrl-C. What you did is kept in ${shown(dataFolder)}.`);
}

/** A path as people read it: from the current folder, if it lies in there. */
function shown(file) {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}
