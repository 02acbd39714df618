import { setTimeout } from 'node:timers/promises';
import type { Settings } from '../config/settingsSchema';
import type { Problem, RunAnswer, TriggerName } from '../routes/contract';
import type { BucketSettings } from '../sync/bucket/BucketSettings';
import { openBucket } from '../sync/bucket/S3Bucket';
import { createKeyFilter } from '../sync/KeyFilter';
import { sync } from '../sync/sync';
import type { SyncErrorCode } from '../sync/SyncError';
import type { SyncScope } from '../sync/SyncOptions';
import type { SyncProgress } from '../sync/SyncProgress';
import type { KeyFailure, SyncReport } from '../sync/SyncReport';
import type { CredentialsService } from './credentials';
import { describeError } from './describeError';
import type { InstancesService } from './instances';
import type { Log } from './log';
import { logReport } from './logReport';
import type { MediaReferencesService } from './mediaReferences';
import { HEARTBEAT_MS } from './ProcessIdentity';
import type { RunsService } from './runs';
import type { SettingsService, SettingsState } from './settings';
import type { SiteService } from './site';

/** What is asked of a run. */
export interface RunRequest {
  trigger: TriggerName;
  /** Name of the administrator who asked for it. */
  startedBy?: string;
  /** How much is looked at; the whole of both sides where it is not said. */
  scope?: SyncScope;
  /** Digest of the refusal that a person confirmed. */
  confirm?: string;
  takeOver?: boolean;
}

/** What came of a run, once it has ended. */
export interface RunEnd {
  run: RunAnswer;
  /** Something failed that may well go right a little later. */
  worthRetrying: boolean;
}

/** What came of the wish to start one. */
export type StartOutcome =
  | { kind: 'started'; run: RunAnswer; ended: Promise<RunEnd> }
  | { kind: 'busy'; run?: RunAnswer; message: string }
  | { kind: 'problems'; problems: Problem[] };

/** Runs one sync at a time. */
export interface RunnerService {
  start(request: RunRequest): Promise<StartOutcome>;
  /** The run that goes on in this process, with its progress. */
  current(): RunAnswer | undefined;
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
  mediaReferences: MediaReferencesService;
  log: Log;
}

/** Failures of a run that a later one may not meet any more, without anybody's help. */
const PASSING: readonly SyncErrorCode[] = [
  'STORE_UNREACHABLE',
  'STORE_TIMEOUT',
  'STORE_BUSY',
  'STORE_ERROR',
  'CREDENTIALS_EXPIRED',
  'CLOCK_SKEW',
  'INTEGRITY',
  'LISTING_INCOMPLETE',
  'LOCAL_CHANGED',
  'BASE_LOCKED',
];

/** The bucket is asked again whose it is after so long, in ms; a whole run asks each time. */
const CLAIM_LASTS_MS = 5 * 60_000;

/** A database that is locked for a moment is asked again after so long, in ms. */
const FINISH_PAUSES_MS = [500, 2_000, 0];

/** Failures wait in memory until there are so many. */
const FAILURE_BATCH = 200;

interface Active {
  controller: AbortController;
  run?: RunAnswer;
  progress?: SyncProgress;
  ended?: Promise<RunEnd>;
}

/** Makes the runner of this process. */
export function createRunner(parts: RunnerParts): RunnerService {
  const { settings, runs, log } = parts;
  let active: Active | undefined;
  let stopped = false;
  let claimed: { bucket: string; atMs: number } | undefined;

  async function begin(mine: Active, request: RunRequest): Promise<StartOutcome> {
    const state = await settings.read();
    const { bucketName, awsRegion, mode } = state.settings;
    if (state.problems.length > 0 || bucketName === undefined || awsRegion === undefined || mode === undefined) {
      return { kind: 'problems', problems: state.problems };
    }
    const { directory } = state.places;
    const other = await runs.findElsewhere(directory);
    if (other !== undefined) {
      const message = `Another process (${other.host}, ${other.pid}) is syncing this directory: run ${other.run.id}.`;
      return { kind: 'busy', run: other.run, message };
    }
    const { trigger, startedBy } = request;
    const bucket = toBucketSettings(state.settings, { bucketName, awsRegion }, parts.credentials);
    const run = await runs.create({ trigger, mode, directory, ...(startedBy === undefined ? {} : { startedBy }) });
    mine.run = run;
    const ended = execute(mine, run, request, state, mode, bucket).finally(() => {
      if (active === mine) active = undefined;
    });
    mine.ended = ended;
    return { kind: 'started', run, ended };
  }

  /** Does the run and keeps its history. Never rejects. */
  async function execute(
    mine: Active,
    run: RunAnswer,
    request: RunRequest,
    { settings: values, places }: SettingsState,
    mode: 'SINGLE' | 'MULTI',
    bucketSettings: BucketSettings,
  ): Promise<RunEnd> {
    const failures = createFailureWriter(run.id, runs, log);
    const heartbeat = setInterval(() => {
      runs.heartbeat(run.id).catch((error: unknown) => {
        log.warn(`Run ${run.id} could not show that it goes on: ${describeError(error)}`);
      });
    }, HEARTBEAT_MS).unref();
    const scope: SyncScope = request.scope ?? { kind: 'whole' };
    const bucketId = JSON.stringify([bucketSettings.endpoint, bucketSettings.bucketName, bucketSettings.prefix]);
    let report: SyncReport;
    try {
      const owner = await parts.site.identity();
      const bucket = openBucket(bucketSettings);
      try {
        report = await sync({
          mode,
          ...places,
          filter: createKeyFilter({ include: values.include, exclude: values.exclude }),
          bucket,
          owner,
          maxDelete: values.maxDelete,
          concurrency: values.concurrency,
          scope,
          claimedRecently: claimed?.bucket === bucketId && Date.now() - claimed.atMs < CLAIM_LASTS_MS,
          referenced: (keys) => parts.mediaReferences.referenced(keys, places.directory),
          otherDirectory: (directoryId) => parts.instances.findOther(directoryId),
          onLocked: async (directoryId) => {
            await runs.lock(run.id, directoryId);
            await parts.instances.enter(places.directory, directoryId);
          },
          ...(request.confirm === undefined ? {} : { confirm: request.confirm }),
          ...(request.takeOver === undefined ? {} : { takeOver: request.takeOver }),
          signal: mine.controller.signal,
          onProgress: (progress) => {
            mine.progress = progress;
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
    if (scope.kind === 'whole') {
      claimed = report.status === 'done' ? { bucket: bucketId, atMs: Date.now() } : undefined;
    }
    clearInterval(heartbeat);
    await failures.flush();
    return { run: await end(run, report), worthRetrying: isWorthRetrying(report, failures.passing) };
  }

  /** Writes down how the run ended. A history that cannot be written does not undo what was synced. */
  async function end(run: RunAnswer, report: SyncReport): Promise<RunAnswer> {
    logReport(log, run, report);
    for (const pauseMs of FINISH_PAUSES_MS) {
      try {
        return await runs.finish(run.id, report);
      } catch (error) {
        log.error(`Run ${run.id} ended, but its end could not be written down: ${describeError(error)}`);
        await setTimeout(pauseMs, undefined, { ref: false });
      }
    }
    return { ...run, ...report };
  }

  return {
    async start(request) {
      if (stopped) return { kind: 'busy', message: 'The server is stopping.' };
      if (active !== undefined) {
        const run = this.current();
        return { kind: 'busy', message: 'A sync is running already.', ...(run === undefined ? {} : { run }) };
      }
      const mine: Active = { controller: new AbortController() };
      active = mine;
      try {
        const outcome = await begin(mine, request);
        if (outcome.kind !== 'started') active = undefined;
        return outcome;
      } catch (error) {
        active = undefined;
        throw error;
      }
    },

    current() {
      if (active?.run === undefined) return undefined;
      const { run, progress } = active;
      if (progress === undefined) return run;
      const { uploaded, downloaded, deletedRemote, deletedLocal, failed, bytes } = progress;
      return { ...run, uploaded, downloaded, deletedRemote, deletedLocal, failed, bytes, progress };
    },

    async idle() {
      await active?.ended;
    },

    cancel(id) {
      if (active?.run?.id !== id) return false;
      active.controller.abort();
      return true;
    },

    async stop() {
      stopped = true;
      active?.controller.abort();
      await active?.ended;
    },
  };
}

/** Writes failures in batches, one after the other, while the run goes on. */
function createFailureWriter(
  runId: number,
  runs: RunsService,
  log: Log,
): { add(failure: KeyFailure): void; flush(): Promise<void>; readonly passing: boolean } {
  let waiting: KeyFailure[] = [];
  let writing: Promise<void> = Promise.resolve();
  let passing = false;

  function write(): void {
    const batch = waiting;
    waiting = [];
    writing = writing
      .then(() => runs.addFailures(runId, batch))
      .catch((error: unknown) => {
        log.error(`${batch.length} failures of run ${runId} could not be written down: ${describeError(error)}`);
      });
  }

  return {
    add(failure) {
      passing ||= PASSING.includes(failure.code);
      waiting.push(failure);
      if (waiting.length >= FAILURE_BATCH) write();
    },
    async flush() {
      if (waiting.length > 0) write();
      await writing;
    },
    get passing() {
      return passing;
    },
  };
}

function isWorthRetrying(report: SyncReport, passingFailure: boolean): boolean {
  if (report.status === 'cancelled') return false;
  // In a rolling deploy the other server is about to end.
  if (report.refused?.guard === 'other-directory') return true;
  return passingFailure || (report.error !== undefined && PASSING.includes(report.error.code));
}

function toBucketSettings(
  values: Settings,
  required: Pick<BucketSettings, 'bucketName' | 'awsRegion'>,
  credentials: CredentialsService,
): BucketSettings {
  const { prefix, endpoint, forcePathStyle, cacheControl, storageClass, serverSideEncryption, kmsKeyId, acl } = values;
  return {
    ...required,
    prefix,
    endpoint,
    forcePathStyle,
    cacheControl,
    storageClass,
    serverSideEncryption,
    kmsKeyId,
    acl,
    concurrency: values.concurrency,
    credentials: credentials.read(),
  };
}

/** The report of a run that failed outside the engine. */
function failedReport(mode: 'SINGLE' | 'MULTI', error: unknown, startedAt: string): SyncReport {
  const message = describeError(error);
  return {
    mode,
    status: 'failed',
    uploaded: 0,
    downloaded: 0,
    deletedRemote: 0,
    deletedLocal: 0,
    unchanged: 0,
    conflicts: 0,
    failed: 0,
    withheld: 0,
    bytes: 0,
    durationMs: Date.now() - Date.parse(startedAt),
    requests: {},
    error: { code: 'INTERNAL', message, fix: 'Look at the server log. If this stays, report it.' },
  };
}
