import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Feed } from '../../server/src/sync/Feed';
import type { Mode } from '../../server/src/sync/decide';
import { fromEngine, type FeedQuestion, type FromEngine, type ToEngine } from './engine-process/messages';
import type { EngineWish, RunResult } from './runEngine';
import { repositoryRoot } from './testApp';

const folder = path.join(__dirname, 'engine-process');

export interface EngineProcessOptions {
  /** Become this user, who is in no group, once all is loaded. Only root may. */
  uid?: number;
  /** Scripts to load first; by default the one that counts calls and kills. */
  require?: readonly string[];
}

export interface EngineRun {
  wish: EngineWish;
  mode: Mode;
  concurrency?: number;
  /** MULTI only. */
  feed?: Feed;
  /** The process is killed right before its n-th call to file system, base, network or feed, from 1. */
  killAt?: number;
  /** The process is killed right before the first call after it has sent this to the store. */
  killAfterSending?: string;
}

/** How a run ended; `killed` without a word of its own. */
export type EngineEnd = { kind: 'killed' } | { kind: 'ended'; result: RunResult; calls: number };

/** The engine in a process of its own, for one run. It ends with this process, whatever happens to it. */
export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  #output = '';
  #onMessage: (message: FromEngine) => void = () => undefined;

  /** Starts loading the engine at once. */
  constructor({ uid, require = [path.join(folder, 'calls.cjs')] }: EngineProcessOptions = {}) {
    const preload = [path.join(repositoryRoot, 'node_modules/tsx/dist/cjs/index.cjs'), ...require];
    this.#child = fork(path.join(folder, 'main.ts'), [], {
      silent: true,
      serialization: 'advanced',
      execArgv: preload.flatMap((script) => ['--require', script]),
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        TMPDIR: process.env.TMPDIR,
        NODE_NO_WARNINGS: '1',
        ...(uid === undefined ? {} : { ENGINE_UID: String(uid) }),
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    this.#ready = new Promise((resolve, reject) => {
      this.#child.once('exit', () => {
        reject(new Error(`The engine's process ended before it was ready.\n${this.#output}`));
      });
      this.#onMessage = ({ kind }) => {
        if (kind === 'ready') resolve();
      };
    });
    // It is looked at when the run is asked for.
    this.#ready.catch(() => undefined);
    this.#child.on('message', (received) => {
      this.#onMessage(fromEngine.parse(received));
    });
  }

  /** Does one run; afterwards the process is gone. */
  async sync({ feed, concurrency = 4, ...run }: EngineRun): Promise<EngineEnd> {
    await this.#ready;
    return new Promise((resolve, reject) => {
      this.#child.once('exit', (code, signal) => {
        if (signal === 'SIGKILL') resolve({ kind: 'killed' });
        else reject(new Error(`The engine's process ended with ${code ?? signal ?? ''}.\n${this.#output}`));
      });
      this.#onMessage = (message) => {
        if (message.kind === 'feed') {
          if (feed === undefined) throw new Error('There is no feed.');
          answer(feed, message.question).then((value) => {
            this.#send({ kind: 'answer', id: message.id, value });
          }, reject);
        } else if (message.kind === 'result') {
          resolve({ kind: 'ended', result: message.result, calls: message.calls });
          this.end();
        }
      };
      this.#send({ kind: 'sync', concurrency, ...run });
    });
  }

  /** Ends the process, whether it was used or not. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: ToEngine): void {
    if (this.#child.connected) this.#child.send(message);
  }
}

function answer(feed: Feed, question: FeedQuestion): Promise<unknown> {
  switch (question.method) {
    case 'append':
      return feed.append(...question.args);
    case 'past':
      return feed.past(...question.args);
    case 'position':
      return feed.position();
  }
}
