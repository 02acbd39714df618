import type { Core } from '@strapi/strapi';
import type { SkipReason } from '../routes/contract';
import { servicesOf } from '../services';
import { keyOfUpload } from '../services/places';
import { readDirectoryId } from '../services/readDirectoryId';
import type { RunEnd, RunRequest } from '../services/runner';
import type { SettingsState } from '../services/settings';
import type { FeedChanges, Wish } from '../services/wishes';
import type { OtherDirectory, SyncScope } from '../sync/SyncOptions';
import { leftOf } from './leftOf';
import { createPatience } from './patience';
import type { WishOutcome } from './queue';

/** Turns wishes into runs, one after the other. */
export interface Carrier {
  carryOut(wish: Wish): Promise<WishOutcome>;
  /** Says once in the log why nothing is synced, and again only where it is something else. */
  hasProblems(state: SettingsState): boolean;
  /**
   * Changes of others may have been missed: until a whole run has ended well it is tried again, and no position in the
   * feed is claimed.
   */
  missedChanges(): void;
}

/**
 * Makes the carrier of one Strapi.
 *
 * @param walked called after each run that looked at all local files, with the time in ms it took if it did nothing else.
 */
export function createCarrier(strapi: Core.Strapi, walked: (durationMs: number | undefined) => void): Carrier {
  const { settings, runner, instances, activity, log } = servicesOf(strapi);
  let toldProblems = '';
  let claims = false;
  let isOwed = false;
  /** Times that changes were missed: a run that began before the last time cannot have found them. */
  let timesMissed = 0;

  const patience = createPatience(({ host, directory }) => {
    log.warn(
      `Another server of this site (${host}, ${directory}) is still running. In SINGLE mode this one waits up to 10 minutes for it to end.`,
    );
  });

  /** In SINGLE mode: the server that has to end before this one may sync. */
  async function findOther({ settings: { mode }, places }: SettingsState): Promise<OtherDirectory | undefined> {
    if (mode !== 'SINGLE') return undefined;
    const directoryId = await readDirectoryId(places.stateDirectory);
    return directoryId === undefined ? undefined : instances.findOther(directoryId);
  }

  function toRequest(
    { trigger, uploads, keys, deleted, changes, whole }: Wish,
    state: SettingsState,
  ): RunRequest | undefined {
    if (changes !== undefined) return { trigger, scope: toScope(changes, claims) };
    const { directory } = state.places;
    const keysOf = (names: readonly string[] = []): string[] =>
      names.flatMap((name) => keyOfUpload(settings.project, directory, name) ?? []);
    if (uploads === undefined && keys === undefined) {
      return { trigger, scope: { kind: whole === true ? 'whole' : 'local', deleted: keysOf(deleted) } };
    }
    const all = [...keysOf(uploads), ...(keys ?? [])];
    const scope: SyncScope = { kind: 'keys', keys: all, deleted: keysOf(deleted) };
    return all.length === 0 ? undefined : { trigger, scope };
  }

  function skip(reason: SkipReason): WishOutcome {
    activity.skip(reason);
    return 'done';
  }

  function noteWalk({ scope }: RunRequest, { run }: RunEnd): void {
    if (scope === undefined || scope.kind === 'keys') return;
    const didMore = Object.keys(run.requests).length > 0;
    walked(didMore ? undefined : run.durationMs);
  }

  /** Rows of the feed count as seen only as long as none of their keys was given up. */
  function noteEnd({ changes, whole }: Wish, { run, worthRetrying }: RunEnd, missedBefore: number): void {
    if (whole === true && run.status === 'done' && timesMissed === missedBefore) {
      claims = true;
      isOwed = false;
    }
    if (changes !== undefined && run.status !== 'done' && !worthRetrying) claims = false;
  }

  function hasProblems({ problems }: SettingsState): boolean {
    const told = problems.map(({ message }) => message).join(' ');
    if (told !== '' && told !== toldProblems) log.warn(`Nothing is synced: ${told}`);
    toldProblems = told;
    return problems.length > 0;
  }

  return {
    hasProblems,

    async carryOut(wish) {
      const state = await settings.read();
      if (hasProblems(state)) return skip('problems');
      const request = toRequest(wish, state);
      if (request === undefined) return skip('outside');
      if (patience.waitsFor(await findOther(state))) return 'wait';
      await runner.free(request.scope);
      const missedBefore = timesMissed;
      const outcome = await runner.start(request);
      if (outcome.kind === 'problems') return skip('problems');
      if (outcome.kind === 'busy') {
        log.debug(`${outcome.message} Trying again later.`);
        return 'wait';
      }
      const end = await outcome.ended;
      noteEnd(wish, end, missedBefore);
      noteWalk(request, end);
      const outcomeOfWish = outcomeOf(wish, end, isOwed);
      if (outcomeOfWish !== 'done') activity.retry();
      if (outcomeOfWish !== 'unsettled' || end.left === undefined) return outcomeOfWish;
      const { directory } = state.places;
      return { left: leftOf(wish, end.left, (name) => keyOfUpload(settings.project, directory, name)) };
    },

    missedChanges() {
      timesMissed += 1;
      claims = false;
      isOwed = true;
    },
  };
}

/**
 * What a wish has come to with its run. Pure.
 *
 * @param isOwed changes of others were missed, and only a run of everything that does all can find them.
 */
export function outcomeOf(wish: Wish, end: RunEnd, isOwed: boolean): WishOutcome {
  // The store is there, and new files by name do not wait for one that fails.
  const isOneOfMany = isByName(wish) && end.run.status === 'partial';
  if (end.worthRetrying) return end.onlyUnsettled || isOneOfMany ? 'unsettled' : 'again';
  const isWhole = wish.whole === true && isOwed;
  if (isWhole && (end.run.status === 'failed' || end.isUnwritable)) return 'again';
  return hasLeftNames(wish, end) ? 'unsettled' : 'done';
}

/**
 * Whether files that were asked for by name are still to be done. Nobody asks for them again before everything is
 * compared, hours later: a refusal (403) that ends by then would have brought a deleted file back meanwhile.
 */
function hasLeftNames(wish: Wish, { run }: RunEnd): boolean {
  return isByName(wish) && (run.status === 'partial' || run.status === 'failed');
}

function isByName({ uploads, keys, changes }: Wish): boolean {
  return uploads !== undefined || keys !== undefined || changes !== undefined;
}

/** @param claims whether these rows of the feed count as seen once their keys are done. */
function toScope({ keys, position }: FeedChanges, claims: boolean): SyncScope {
  return {
    kind: 'keys',
    keys: [...keys.keys()],
    byName: new Set([...keys].flatMap(([key, byName]) => (byName ? [key] : []))),
    heard: true,
    ...(claims ? { feedPosition: position } : {}),
  };
}
