import type { FeedService } from '../services/feed';
import type { MediaReferencesService } from '../services/mediaReferences';
import type { BaseAccess } from './BaseAccess';
import type { Serving } from './Serving';

/** Who says that a file should be there: a row of the Media Library, or another server by the change feed. */
export type NamedBy = 'row' | 'feed';

interface Question {
  serving: Serving;
  key: string;
  resolve: (isNamed: boolean) => void;
  reject: (error: unknown) => void;
}

/**
 * Says which missing files are worth asking the store for. A name that nobody knows costs no request there, and the
 * database one query for all names that are asked for at the same time.
 */
export class NamedKeys {
  readonly #references: MediaReferencesService;
  readonly #feed: Pick<FeedService, 'lastActions'>;
  readonly #access: BaseAccess;
  #waiting: Question[] = [];
  #isAsking = false;

  constructor(references: MediaReferencesService, feed: Pick<FeedService, 'lastActions'>, access: BaseAccess) {
    this.#references = references;
    this.#feed = feed;
    this.#access = access;
  }

  /** Who names a key whose file is missing here; `undefined` where nobody does, or where it was deleted. */
  async namedBy(serving: Serving, key: string): Promise<NamedBy | undefined> {
    if (await this.byRow(serving, key)) return 'row';
    if (serving.mode !== 'MULTI' || !(await this.#isPut(key))) return undefined;
    // A file that was here and is gone was deleted in the folder: the next walk takes the deletion on.
    const isNew = await this.#access.use(serving, async ({ base }) => (await base.get(key)) === undefined);
    return isNew === true ? 'feed' : undefined;
  }

  /** Whether whoever named the key still does, after its file has come. */
  async isStillNamed(serving: Serving, key: string, by: NamedBy): Promise<boolean> {
    return by === 'row' ? this.byRow(serving, key) : this.#isPut(key);
  }

  /** Whether a row of the Media Library names the key, as a file or one of its formats. */
  byRow(serving: Serving, key: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ serving, key, resolve, reject });
      void this.#askAll();
    });
  }

  /** Which of these keys, whose objects are in the bucket and not here, are files that only have not come yet. */
  async stillToCome(serving: Serving, keys: readonly string[]): Promise<ReadonlySet<string>> {
    const named = await this.#references.referenced(keys, serving.directory);
    if (serving.mode !== 'MULTI') return named;
    const last = await this.#feed.lastActions(keys);
    const entries = await this.#access.use(serving, ({ base }) => Promise.all(keys.map((key) => base.get(key))));
    // What was here and is gone was deleted here; what the feed calls deleted was deleted elsewhere.
    const isDeleted = (key: string, index: number): boolean =>
      last.get(key) === 'delete' || entries?.[index] !== undefined;
    return new Set(keys.filter((key, index) => named.has(key) || !isDeleted(key, index)));
  }

  async #isPut(key: string): Promise<boolean> {
    return (await this.#feed.lastActions([key])).get(key) === 'put';
  }

  /** Files have no index by hash, so a query may read the whole table: what comes meanwhile waits for the next one. */
  async #askAll(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#waiting.length > 0) {
      const questions = this.#waiting;
      this.#waiting = [];
      for (const directory of new Set(questions.map(({ serving }) => serving.directory))) {
        await this.#ask(
          directory,
          questions.filter(({ serving }) => serving.directory === directory),
        );
      }
    }
    this.#isAsking = false;
  }

  async #ask(directory: string, questions: readonly Question[]): Promise<void> {
    try {
      const named = await this.#references.referenced([...new Set(questions.map(({ key }) => key))], directory);
      for (const { key, resolve } of questions) resolve(named.has(key));
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }
}
