/**
 * Does a piece of work for whoever asks. Those who ask while it is being done share the next time: what they are given
 * was begun after they asked, and many askers cost few times.
 */
export class SharedWork<T> {
  readonly #work: () => Promise<T>;
  #running: Promise<void> | undefined;
  #next: Promise<T> | undefined;

  /** @param work done anew for each group of askers. */
  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  /** Nobody waits for it. */
  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** @throws what the work throws, to each who shares it. */
  run(): Promise<T> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<T> {
    this.#next = undefined;
    const result = this.#work();
    const end = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    const running = result.then(end, end);
    this.#running = running;
    return result;
  }
}
