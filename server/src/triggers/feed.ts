import type { Core } from '@strapi/strapi';
import { servicesOf } from '../services';
import { describeError } from '../services/describeError';
import { FeedReader } from '../services/FeedReader';
import { readDirectoryId } from '../services/readDirectoryId';
import type { FeedChanges } from '../services/wishes';

/** What the feed trigger needs to know. */
export interface FeedTriggerOptions {
  /** Path of the state directory where MULTI mode syncs now; `undefined` where it does not. */
  stateDirectory: () => string | undefined;
  /** Others changed these keys. Must not throw. */
  changed: (changes: FeedChanges) => void;
  /** More changed than can be looked at one by one, or nothing is known. Must not throw. */
  farBehind: () => void;
}

/** Time between two looks at the feed, in ms. */
const POLL_MS = 2_000;

const PRUNE_MS = 24 * 60 * 60 * 1000;

/**
 * Looks every 2 s for what other servers changed in the bucket. A look is one query, and no S3 request.
 *
 * @returns `start`, which takes what is in the feed by now as known, since a comparison of everything follows; and
 *   `stop`.
 */
export function watchFeed(
  strapi: Core.Strapi,
  { stateDirectory, changed, farBehind }: FeedTriggerOptions,
): { start(): Promise<void>; stop(): void } {
  const { feed, clock, instances, errorLog } = servicesOf(strapi);
  const log = errorLog.logFor('feed');
  const reader = new FeedReader(feed, clock);
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let prunedAt = Number.NEGATIVE_INFINITY;
  let toldError = '';

  async function look(): Promise<void> {
    const path = stateDirectory();
    if (path === undefined) return;
    const news = await reader.read(() => readDirectoryId(path));
    instances.noteFeedPosition(reader.position);
    if (news.kind === 'changes') changed(news);
    if (news.kind === 'far-behind') farBehind();
    if (Date.now() - prunedAt < PRUNE_MS) return;
    prunedAt = Date.now();
    const pruned = await feed.prune();
    if (pruned > 0) log.debug(`${pruned} outdated rows of the change feed were removed.`);
  }

  /** Looks once; a database that is away for a while is told once. */
  async function lookAndTell(): Promise<void> {
    try {
      await look();
      toldError = '';
    } catch (error) {
      const told = describeError(error);
      if (!stopped && told !== toldError) log.warn(`The changes of other servers cannot be read: ${told}`);
      toldError = told;
    }
  }

  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      void lookAndTell().then(schedule);
    }, POLL_MS).unref();
  }

  return {
    async start() {
      await reader.skip();
      schedule();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
