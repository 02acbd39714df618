import { spawn } from 'node:child_process';
import path from 'node:path';
import { CommandError } from '../prepare.mjs';

/** A server of the demo: a Node process that ends with the demo, whatever ends it. */
export class BackgroundProcess {
  #name;
  #child;
  #exited;
  #output = '';
  #stopping = false;

  /**
   * @param {string} name for messages
   * @param {string[]} args of Node
   * @param {{ cwd: string, env: Record<string, string | undefined> }} options
   */
  constructor(name, args, { cwd, env }) {
    this.#name = name;
    // A process group of its own: Ctrl-C in the terminal reaches the demo alone, which then stops them in order.
    this.#child = spawn(process.execPath, ['--require', path.join(import.meta.dirname, 'endWithParent.cjs'), ...args], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        this.#output = (this.#output + text).slice(-100_000);
      });
    }
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', resolve);
      this.#child.once('error', (error) => {
        this.#output += error.message;
        resolve(null);
      });
    });
  }

  /** All that it printed, at most the last 100,000 characters. */
  get output() {
    return this.#output;
  }

  /** Calls back when it ends without having been asked to. @param {(error: CommandError) => void} listener */
  onUnexpectedExit(listener) {
    void this.#exited.then((code) => {
      if (!this.#stopping) {
        listener(new CommandError(this.#name, this.#output, `ended by itself with code ${code}`));
      }
    });
  }

  /**
   * Waits until it is ready.
   *
   * @template T
   * @param {() => Promise<T | undefined> | T | undefined} check undefined: not yet
   * @param {number} timeout in ms
   * @returns {Promise<T>} what the check gave
   * @throws {CommandError} if it ends or is not ready in time
   */
  async ready(check, timeout) {
    const end = performance.now() + timeout;
    let exited = false;
    void this.#exited.then(() => {
      exited = true;
    });
    for (;;) {
      const answer = await check();
      if (answer !== undefined) {
        return answer;
      }
      if (exited) {
        throw new CommandError(this.#name, this.#output, 'ended before it was ready');
      }
      if (performance.now() > end) {
        throw new CommandError(this.#name, this.#output, `was not ready in ${timeout / 1000} s`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Asks it to stop; after 10 s it is killed. */
  async stop() {
    this.#stopping = true;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(timer);
  }
}
