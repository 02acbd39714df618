import { setTimeout } from 'node:timers/promises';
import type { Settings } from '../config/settingsSchema';
import type { ConflictCode, PreviewingAnswer, Problem, RunAnswer, TriggerName } from '../routes/contract';
import type { BaseKeeper } from '../sync/base/BaseKeeper';
import type { BucketSettings } from '../sync/bucket/BucketSettings';
import type { Bucket } from '../sync/bucket/Bucket';
import { openInspection } from '../sync/bucket/inspectBucket';
import { openBucket } from '../sync/bucket/S3Bucket';
import { testConnection, type ConnectionTest } from '../sync/bucket/testConnection';
import { createKeyFilter } from '../sync/KeyFilter';
import type { PlannedOperation } from '../sync/PlannedOperation';
import { previewSync, sync } from '../sync/sync';
import type { OwnerIdentity, SyncOptions, SyncScope } from '../sync/SyncOptions';
import type { SyncProgress } from '../sync/SyncProgress';
import type { KeyFailure, SyncReport } from '../sync/SyncReport';
import type { ActivityService } from './activity';
import type { CredentialsService } from './credentials';
import { describeError } from './describeError';
import type { FeedService } from './feed';
import { failedReport } from './failedReport';
import { FailureWriter } from './FailureWriter';
import { createHistory } from './history';
import type { InstancesService } from './instances';
import { isPassing } from './isPassing';
import type { HeldLease, Lease, LeasesService } from './leases';
import type { Log } from './log';
import { logReport } from './logReport';
import type { MediaReferencesService } from './mediaReferences';
import { HEARTBEAT_MS } from './ProcessIdentity';
import { readDirectoryId } from './readDirectoryId';
import type { RunsService } from './runs';
import { explainGaps, type SettingsService, type SettingsState } from './settings';
import type { SiteService } from './site';
import { toBucketSettings } from './toBucketSettings';

/** What is asked of a run. */
export interface RunRequest {
  trigger: TriggerName;
  /** Name of the administrator who asked for it. */
  startedBy?: string;
  /** How much is looked at; the whole of both sides where it is not said. */
  scope?: SyncScope;
  /** Digest of the refusal that a person confirmed. */
  confirm?: string;
  /** Digest of the plan that is to be carried out, and nothing else. */
  plan?: string;
  takeOver?: boolean;
}

/** What came of a run, once it has ended. */
export interface RunEnd {
  run: RunAnswer;
  /** Something failed that may well go right a little later. */
  worthRetrying: boolean;
  /** It was nothing but files that were still being written. */
  onlyUnsettled: boolean;
  /** Files could not be written here: the disk is full, or may not be written. */
  isUnwritable: boolean;
  /** Keys that are not done, where it is known of each: the others are. */
  left?: ReadonlySet<string>;
}

/** What came of the wish to start one. */
export type StartOutcome =
  | { kind: 'started'; run: RunAnswer; ended: Promise<RunEnd> }
  | { kind: 'busy'; code: ConflictCode; run?: RunAnswer; message: string }
  | { kind: 'problems'; problems: Problem[] };

export interface PreviewRequest {
  signal: AbortSignal;
  /** Called once nothing is in the way, before anything is looked at. */
  onReady?(state: SettingsState): Promise<void>;
  onProgress?(progress: SyncProgress): void;
  onOperation(operation: PlannedOperation): void | Promise<void>;
  onFailure(failure: KeyFailure): void;
}

export type PreviewOutcome = Exclude<StartOutcome, { kind: 'started' }> | { kind: 'planned'; report: SyncReport };

/** Runs one sync at a time, and beside a long one a short one of files by name: an editor does not wait for the long one. */
export interface RunnerService {
  start(request: RunRequest): Promise<StartOutcome>;
  /** Says what a whole run would do. Takes the place of a run while it looks, and leaves no trace in the history. */
  preview(request: PreviewRequest): Promise<PreviewOutcome>;
  /**
   * Tries everything that a sync does with the bucket.
   *
   * @param draft settings to try instead of those that count now.
   */
  test(signal: AbortSignal, draft?: Settings): Promise<{ problems: Problem[] } | { test: ConnectionTest }>;
  /** The run that goes on in this process, with its progress; of two the one that looks at more. */
  current(): RunAnswer | undefined;
  /** The preview that is being made in this process. */
  previewing(): PreviewingAnswer | undefined;
  /** Resolves when a run that looks at so much may be tried: files by name need not wait for a run of everything. */
  free(scope: SyncScope | undefined): Promise<void>;
  /** Resolves when nothing goes on in this process. */
  idle(): Promise<void>;
  /** Asks the run with this id to end. Returns false where it does not go on in this process. */
  cancel(id: number): boolean;
  /** Cancels what goes on, waits for its end, and starts nothing any more. */
  stop(): Promise<void>;
}

/** What the runner works with. */
export interface RunnerParts {
  settings: SettingsService;
  credentials: CredentialsService;
  site: SiteService;
  runs: RunsService;
  instances: InstancesService;
  leases: LeasesService;
  feed: FeedService;
  mediaReferences: MediaReferencesService;
  activity: ActivityService;
  baseKeeper: BaseKeeper;
  /** Told of each run that has entered the history. Must not throw. */
  announce(run: RunAnswer): void;
  log: Log;
  /** For what goes wrong beside the runs themselves. */
  errors: Log;
}

/** The bucket is asked again whose it is after so long, in ms; a whole run asks each time. */
const CLAIM_LASTS_MS = 5 * 60_000;

/** A database that is locked for a moment is asked again after so long, in ms. */
const FINISH_PAUSES_MS = [500, 2_000, 0];

/** A person waits for the test of a connection: fewer attempts for one request than in a sync. */
const TEST_ATTEMPTS = 2;

const WHOLE: SyncScope = { kind: 'whole' };

/** Nothing is in the way of a run. */
interface Ready {
  kind: 'ready';
  state: SettingsState;
  mode: 'SINGLE' | 'MULTI';
  bucket: BucketSettings;
}

interface Active {
  /** It only looks. */
  isPreview?: boolean;
  /** It looks at files by name beside another one. */
  isBeside: boolean;
  /** What it syncs with what: only a run of the same may go on beside it. */
  subject?: string;
  controller: AbortController;
  /** Cancelled because another process may sync the directory by now. */
  lostLease?: boolean;
  run?: RunAnswer;
  progress?: SyncProgress;
  ended?: Promise<unknown>;
}

/** Makes the runner of this process. */
export function createRunner(parts: RunnerParts): RunnerService {
  const { settings, runs, activity, log, errors } = parts;
  const history = createHistory();
  let active: Active | undefined;
  let beside: Active | undefined;
  let waiting: (() => void)[] = [];
  let stopped = false;
  let claimed: { bucket: string; atMs: number } | undefined;

  /** Looks whether there is anything in the way of a run. */
  async function prepare(): Promise<Ready | Exclude<StartOutcome, { kind: 'started' }>> {
    const state = await settings.read();
    const { bucketName, awsRegion, mode } = state.settings;
    if (state.problems.length > 0 || bucketName === undefined || awsRegion === undefined || mode === undefined) {
      return { kind: 'problems', problems: state.problems };
    }
    const directoryId = await readDirectoryId(state.places.stateDirectory);
    const other = directoryId === undefined ? undefined : await runs.findElsewhere(directoryId);
    if (other !== undefined) {
      const message = `Another process (${other.host}, ${other.pid}) is syncing this directory: run ${other.run.id}.`;
      return { kind: 'busy', code: 'RUNNING_ELSEWHERE', run: other.run, message };
    }
    const bucket = toBucketSettings(state.settings, { bucketName, awsRegion }, parts.credentials);
    return { kind: 'ready', state, mode, bucket };
  }

  /** Whether a run may be tried, and beside which other one. */
  function place(scope: SyncScope | undefined): 'alone' | 'beside' | undefined {
    if (beside !== undefined) return undefined;
    if (active === undefined) return 'alone';
    return scope?.kind === 'keys' && letsOthersIn(active) ? 'beside' : undefined;
  }

  function tellWaiting(): void {
    const all = waiting;
    waiting = [];
    for (const resolve of all) resolve();
  }

  function enter(mine: Active): void {
    if (mine.isBeside) beside = mine;
    else active = mine;
  }

  function leave(mine: Active): void {
    if (active === mine) active = undefined;
    if (beside === mine) beside = undefined;
    tellWaiting();
  }

  function noteProgress(mine: Active, progress: SyncProgress): void {
    const isNewPhase = mine.progress?.phase !== progress.phase;
    mine.progress = progress;
    if (isNewPhase) tellWaiting();
  }

  /** What a run and its preview have in common. */
  function optionsFor(
    { isBeside }: Active,
    { settings: values, places }: SettingsState,
    mode: Ready['mode'],
    bucket: Bucket,
    owner: OwnerIdentity,
  ): Omit<SyncOptions, 'scope'> {
    return {
      mode,
      ...places,
      filter: createKeyFilter({ include: values.include, exclude: values.exclude }),
      bucket,
      owner,
      maxDelete: values.maxDelete,
      concurrency: values.concurrency,
      openBase: (options) => (isBeside ? parts.baseKeeper.openBeside(options) : parts.baseKeeper.openForRun(options)),
      beside: isBeside,
      referenced: (keys) => parts.mediaReferences.referenced(keys, places.directory),
      otherDirectory: (directoryId) => parts.instances.findOther(directoryId),
      ...(mode === 'MULTI' ? { multi: { feed: parts.feed, trashDays: values.trashDays } } : {}),
    };
  }

  async function preview(mine: Active, request: PreviewRequest): Promise<PreviewOutcome> {
    const ready = await prepare();
    if (ready.kind !== 'ready') return ready;
    const { state, mode } = ready;
    mine.subject = subjectOf(ready);
    const startedAt = new Date().toISOString();
    const lease = await acquireLease(mine, state.places.stateDirectory);
    if (lease?.kind === 'held') return busyElsewhere(lease);
    try {
      await request.onReady?.(state);
      const bucket = openBucket(ready.bucket);
      const endCount = activity.follow(bucket);
      try {
        const options = optionsFor(mine, state, mode, bucket, await parts.site.identity());
        const signal = AbortSignal.any([mine.controller.signal, request.signal]);
        const report = await previewSync(
          {
            ...options,
            scope: { kind: 'whole' },
            signal,
            onProgress: (progress) => {
              noteProgress(mine, progress);
              request.onProgress?.(progress);
            },
            onFailure: (failure) => {
              request.onFailure(failure);
            },
          },
          (operation) => request.onOperation(operation),
        );
        return { kind: 'planned', report };
      } finally {
        bucket.close();
        endCount();
      }
    } catch (error) {
      return { kind: 'planned', report: failedReport(mode, error, startedAt) };
    } finally {
      await lease?.release();
    }
  }

  async function begin(mine: Active, request: RunRequest): Promise<StartOutcome> {
    const ready = await prepare();
    if (ready.kind !== 'ready') return ready;
    const { state, mode, bucket } = ready;
    const { directory } = state.places;
    mine.subject = subjectOf(ready);
    if (mine.isBeside && active !== undefined && active.subject !== mine.subject) return busyHere(active, active.run);
    const lease = await acquireLease(mine, state.places.stateDirectory);
    if (lease?.kind === 'held') return busyElsewhere(lease);
    try {
      const { trigger, startedBy } = request;
      const scope = request.scope ?? WHOLE;
      const by = startedBy === undefined ? {} : { startedBy };
      const run = await runs.create({ trigger, mode, directory, scope, ...by });
      mine.run = run;
      const ended = execute(mine, run, request, state, mode, bucket).finally(async () => {
        await lease?.release();
        leave(mine);
      });
      mine.ended = ended;
      return { kind: 'started', run, ended };
    } catch (error) {
      await lease?.release();
      throw error;
    }
  }

  /** Processes that share a directory sync it one at a time. Where it cannot be opened, the run itself says so. */
  async function acquireLease(mine: Active, stateDirectory: string): Promise<Lease | HeldLease | undefined> {
    const directoryId = await readDirectoryId(stateDirectory);
    if (directoryId === undefined) return undefined;
    return parts.leases.acquire(directoryId, () => {
      errors.error('The run is cancelled: the database was away for too long to be sure that no other server syncs.');
      mine.lostLease = true;
      mine.controller.abort();
    });
  }

  /** Does the run and keeps its history. Never rejects. */
  async function execute(
    mine: Active,
    run: RunAnswer,
    request: RunRequest,
    state: SettingsState,
    mode: Ready['mode'],
    bucketSettings: BucketSettings,
  ): Promise<RunEnd> {
    const { places } = state;
    const failures = new FailureWriter(run.id, runs, errors);
    const heartbeat = setInterval(() => {
      runs.heartbeat(run.id).catch((error: unknown) => {
        errors.warn(`Run ${run.id} could not show that it goes on: ${describeError(error)}`);
      });
    }, HEARTBEAT_MS).unref();
    const scope = request.scope ?? WHOLE;
    const bucketId = JSON.stringify([bucketSettings.endpoint, bucketSettings.bucketName, bucketSettings.prefix]);
    const claimedRecently = claimed?.bucket === bucketId && Date.now() - claimed.atMs < CLAIM_LASTS_MS;
    let report: SyncReport;
    try {
      const owner = await parts.site.identity();
      const bucket = openBucket(bucketSettings);
      try {
        report = await sync({
          ...optionsFor(mine, state, mode, bucket, owner),
          scope,
          claimedRecently,
          onLocked: async (directoryId) => {
            await runs.lock(run.id, directoryId);
            await parts.instances.enter({ directory: places.directory, directoryId, mode });
          },
          ...(request.confirm === undefined ? {} : { confirm: request.confirm }),
          ...(request.plan === undefined ? {} : { plan: request.plan }),
          ...(request.takeOver === undefined ? {} : { takeOver: request.takeOver }),
          signal: mine.controller.signal,
          onProgress: (progress) => {
            noteProgress(mine, progress);
          },
          onFailure: (failure) => {
            failures.add(failure);
          },
        });
      } finally {
        bucket.close();
      }
    } catch (error) {
      report = failedReport(mode, error, run.startedAt);
    }
    if (scope.kind === 'whole' || report.uploaded + report.deletedRemote > 0) {
      // A run that wrote to the bucket had asked whose it is, or relied on an answer of a short while ago.
      const isAsked = scope.kind === 'whole' || !claimedRecently;
      if (report.status !== 'done') claimed = undefined;
      else if (isAsked) claimed = { bucket: bucketId, atMs: Date.now() };
    }
    clearInterval(heartbeat);
    await failures.flush();
    await parts.instances.noteRun(report).catch((error: unknown) => {
      errors.warn(`The end of run ${run.id} could not be noted for the others: ${describeError(error)}`);
    });
    const isStoreWorth = mine.lostLease === true || isWorthRetrying(report, failures.passing);
    const isUnsettled = failures.unsettled && report.status !== 'cancelled';
    return {
      run: await end(run, scope, report, history.keeps(request.trigger, scope, report, failures.digest())),
      worthRetrying: isStoreWorth || isUnsettled,
      onlyUnsettled: isUnsettled && !isStoreWorth,
      isUnwritable: failures.unwritable && report.status !== 'cancelled',
      ...(isDoneButFor(report, failures.keys) ? { left: failures.keys } : {}),
    };
  }

  /** Writes down how the run ended. A history that cannot be written does not undo what was synced. */
  async function end(run: RunAnswer, scope: SyncScope, report: SyncReport, isKept: boolean): Promise<RunAnswer> {
    activity.ran(run.trigger, scope, report);
    if (isKept) logReport(log, run, report);
    else log.debug(`Run ${run.id} (${run.trigger}) found nothing new, and is not kept in the history.`);
    const counts = isKept ? activity.takeSinceLastKept() : undefined;
    for (const pauseMs of FINISH_PAUSES_MS) {
      try {
        if (counts !== undefined) {
          const ended = await runs.finish(run.id, scope, report, counts);
          parts.announce(ended);
          return ended;
        }
        await runs.remove(run.id);
        return { ...run, ...report };
      } catch (error) {
        errors.error(`Run ${run.id} ended, but its end could not be written down: ${describeError(error)}`);
        await setTimeout(pauseMs, undefined, { ref: false });
      }
    }
    return { ...run, ...report };
  }

  return {
    async start(request) {
      if (stopped) return { kind: 'busy', code: 'STOPPING', message: 'The server is stopping.' };
      const how = place(request.scope);
      if (how === undefined) return busyHere(active, this.current());
      const mine: Active = { controller: new AbortController(), isBeside: how === 'beside' };
      enter(mine);
      try {
        const outcome = await begin(mine, request);
        if (outcome.kind !== 'started') leave(mine);
        return outcome;
      } catch (error) {
        leave(mine);
        throw error;
      }
    },

    async preview(request) {
      if (stopped) return { kind: 'busy', code: 'STOPPING', message: 'The server is stopping.' };
      if (place({ kind: 'whole' }) === undefined) return busyHere(active, this.current());
      const mine: Active = { controller: new AbortController(), isBeside: false, isPreview: true };
      enter(mine);
      const outcome = preview(mine, request).finally(() => {
        leave(mine);
      });
      // Whoever waits for the end learns nothing of how it was.
      mine.ended = outcome.catch(() => undefined);
      return outcome;
    },

    async test(signal, draft) {
      const values = draft ?? (await settings.read()).settings;
      const { bucketName, awsRegion } = values;
      if (bucketName === undefined || awsRegion === undefined) {
        const problems = explainGaps(values);
        return { problems: problems.filter(({ setting }) => setting === 'bucketName' || setting === 'awsRegion') };
      }
      const bucketSettings = {
        ...toBucketSettings(values, { bucketName, awsRegion }, parts.credentials),
        maxAttempts: TEST_ATTEMPTS,
      };
      const bucket = openBucket(bucketSettings);
      const endCount = activity.follow(bucket);
      const inspection = openInspection(bucketSettings);
      try {
        return { test: await testConnection(bucket, signal, inspection) };
      } finally {
        bucket.close();
        endCount();
        inspection.close();
      }
    },

    current() {
      const { run, progress } = active?.run === undefined ? (beside ?? {}) : active;
      if (run === undefined) return undefined;
      if (progress === undefined) return run;
      const { uploaded, downloaded, deletedRemote, deletedLocal, failed, bytes } = progress;
      return { ...run, uploaded, downloaded, deletedRemote, deletedLocal, failed, bytes, progress };
    },

    previewing: () => (active?.isPreview === true ? { seen: active.progress?.seen ?? 0 } : undefined),

    async free(scope) {
      while (!stopped && place(scope) === undefined) await new Promise<void>((resolve) => waiting.push(resolve));
    },

    async idle() {
      await Promise.all([active?.ended, beside?.ended]);
    },

    cancel(id) {
      const asked = [active, beside].find((one) => one?.run?.id === id);
      asked?.controller.abort();
      return asked !== undefined;
    },

    async stop() {
      stopped = true;
      const all = [active, beside];
      for (const one of all) one?.controller.abort();
      tellWaiting();
      for (const one of all) await one?.ended;
    },
  };
}

/** It has cleaned up what killed runs left, and takes what it meets of the keys of others for what it is. */
function letsOthersIn({ progress }: Active): boolean {
  return progress?.phase === 'syncing' || progress?.phase === 'deleting';
}

function subjectOf({ state, mode, bucket }: Ready): string {
  const { bucketName, endpoint, prefix } = bucket;
  const { include, exclude } = state.settings;
  return JSON.stringify([mode, state.places, bucketName, endpoint, prefix, include, exclude]);
}

function busyHere(active: Active | undefined, run: RunAnswer | undefined): Extract<StartOutcome, { kind: 'busy' }> {
  if (active?.isPreview === true) return { kind: 'busy', code: 'PREVIEWING', message: 'A preview is being made.' };
  const message = 'A sync is running already.';
  return { kind: 'busy', code: 'RUNNING', message, ...(run === undefined ? {} : { run }) };
}

function busyElsewhere({ host, pid }: HeldLease): Extract<StartOutcome, { kind: 'busy' }> {
  return {
    kind: 'busy',
    code: 'RUNNING_ELSEWHERE',
    message: `Another process (${host}, ${pid}) is syncing this directory.`,
  };
}

/** Not all deletes that were withheld are told by name. */
function isDoneButFor({ status, failed, withheld }: SyncReport, keys: ReadonlySet<string> | undefined): boolean {
  return status === 'partial' && keys?.size === failed + withheld;
}

function isWorthRetrying(report: SyncReport, passingFailure: boolean): boolean {
  if (report.status === 'cancelled') return false;
  // In a rolling deploy the other server is about to end.
  if (report.refused?.guard === 'other-directory') return true;
  // A run that failed as a whole for a reason of its own may have met a database that was away.
  return (
    passingFailure || (report.error !== undefined && (isPassing(report.error.code) || report.error.code === 'INTERNAL'))
  );
}
