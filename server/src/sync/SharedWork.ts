/**
 * Does a piece of work for whoever asks. Those who ask before it begins share it: what they are given was begun after
 * they asked, and many askers cost few times.
 */
export class SharedWork<T> {
  readonly #work: () => Promise<T>;
  readonly #gather: () => Promise<unknown>;
  #running: Promise<void> | undefined;
  #next: Promise<T> | undefined;

  /**
   * @param work done anew for each group of askers, one at a time.
   * @param gather waits for others who may ask; must not reject.
   */
  constructor(work: () => Promise<T>, gather: () => Promise<unknown>) {
    this.#work = work;
    this.#gather = gather;
  }

  /** Nobody waits for it. */
  get isIdle(): boolean {
    return this.#running === undefined && this.#next === undefined;
  }

  /** @throws what the work throws, to each who shares it. */
  run(): Promise<T> {
    this.#next ??= Promise.all([this.#running, this.#gather()]).then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<T> {
    this.#next = undefined;
    const result = this.#work();
    const end = (): void => {
      this.#running = undefined;
    };
    this.#running = result.then(end, end);
    return result;
  }
}
