import type { ReasonCode } from '../config/explain';
import type { Settings } from '../config/settingsSchema';
import type { WriteConditions } from '../sync/bucket/probeConditions';
import type { ChainSource } from '../sync/bucket/findCredentials';
import type { ConnectionTest } from '../sync/bucket/testConnection';
import type { TrashItem } from '../sync/local/Trash';
import type { PlannedAction, PlannedOperation } from '../sync/PlannedOperation';
import type { SyncScope } from '../sync/SyncOptions';
import type { SyncProgress } from '../sync/SyncProgress';
import type { TotalOfSides } from '../sync/SideTotals';
import type { KeyFailure, Refusal, SyncStatus } from '../sync/SyncReport';

/** One problem that keeps anything from being synced, for the page and the CLI alike. */
export interface Problem {
  /**
   * `BUCKET_MISSING`, `REGION_MISSING`, `MODE_MISSING`, `PROVIDER_NOT_LOCAL`, `DIRECTORY_MISSING`,
   * `SETTINGS_INVALID` (saved or configured values that do not fit together).
   */
  code: string;
  /** The setting to change, if one does. */
  setting?: keyof Settings;
  /** On `SETTINGS_INVALID`: what is wrong with the setting. */
  reason?: ReasonCode;
  /** Particulars for a text of one's own: `provider`, `directory`, or what the reason names. */
  values?: Record<string, string>;
  /** In English, with all particulars. */
  message: string;
}

/** One of `error.details.errors` of a 400: what is wrong with a value that was sent. */
export interface InvalidAnswer {
  /** The setting or parameter, then the name or index inside it. */
  path: string[];
  /** Why it is refused; absent where no setting is concerned. */
  code?: ReasonCode | 'BUCKET_MISSING' | 'REGION_MISSING';
  /** What the reason names. */
  values?: Record<string, string>;
  /** In English, with all particulars. */
  message: string;
  name: 'ValidationError';
}

/** `GET` and `PUT /s3-sync/settings`. Never holds a secret. */
export interface SettingsAnswer {
  settings: Settings;
  /** Settings fixed by `config/plugins`: shown disabled. */
  locked: (keyof Settings)[];
  /** Where the credentials come from. */
  credentials: 'config' | 'aws-chain';
  problems: Problem[];
  /** Another one where the saved settings are others. */
  version: string;
}

/**
 * `POST /s3-sync/connection-test` with the changes of a form, which need not be saved: 200 whatever the store said,
 * 400 with an error at each setting that is wrong or missing. Saves nothing.
 */
export type ConnectionTestAnswer = ConnectionTest;

/** `GET /s3-sync/credentials`: where requests get their keys from, `none` where there are none. May take seconds. */
export interface CredentialsAnswer {
  source: 'config' | ChainSource;
}

/** What asked for a run. */
export type TriggerName = 'button' | 'content' | 'media' | 'start' | 'scan' | 'cron' | 'cli' | 'feed' | 'trash';

/** One run, as the history shows it. */
export interface RunAnswer {
  id: number;
  trigger: TriggerName;
  /** Name of the administrator who asked for it; absent for automatic runs. */
  startedBy?: string;
  /** How much it looked at. */
  scope?: SyncScope['kind'];
  /** Name of the server, and number of the process, in which it went on. */
  host?: string;
  pid?: number;
  mode: Settings['mode'];
  status: SyncStatus | 'running' | 'interrupted';
  /** ISO 8601. */
  startedAt: string;
  endedAt?: string;
  durationMs?: number;
  uploaded: number;
  downloaded: number;
  deletedRemote: number;
  deletedLocal: number;
  unchanged: number;
  conflicts: number;
  failed: number;
  withheld: number;
  bytes: number;
  requests: Record<string, number>;
  /** Events on its server since the run before it in the history. */
  events?: number;
  /** Runs on its server since then that found nothing new, and are not in the history. */
  quietRuns?: number;
  refused?: Refusal;
  error?: { code: string; message: string; fix: string };
  /** Only while it runs. */
  progress?: SyncProgress;
  /** Files in the directory, once they are counted; only while it runs, and for those who watch. */
  files?: number;
}

/** What a file of a run is listed for. */
export type FailureKind = 'failed' | 'conflict' | 'withheld';

/** `GET /s3-sync/runs/:id?page=&pageSize=&kind=`: the run and one page of its failures, of one kind or of all. */
export interface RunDetailAnswer {
  run: RunAnswer;
  failures: KeyFailure[];
  pagination: Pagination;
}

export interface Pagination {
  page: number;
  pageSize: number;
  total: number;
}

/** `GET /s3-sync/runs?page=&pageSize=`: newest first. */
export interface RunListAnswer {
  results: RunAnswer[];
  pagination: Pagination;
}

/**
 * Why a run or a preview cannot be started or cancelled now: `error.details.code` of a 409.
 * - `RUNNING`: a run goes on in this process. `RUNNING_ELSEWHERE`: one of the same directory in another process.
 * - `PREVIEWING`: a preview is being made.
 * - `STOPPING`: the server is about to stop.
 * - `RUN_ENDED`, `PREVIEW_ENDED`: there is nothing left to cancel.
 * - `PLAN_OUTDATED`: the preview no longer holds.
 */
export type ConflictCode =
  'RUNNING' | 'RUNNING_ELSEWHERE' | 'PREVIEWING' | 'STOPPING' | 'RUN_ENDED' | 'PREVIEW_ENDED' | 'PLAN_OUTDATED';

/** `POST /s3-sync/runs`: 202 `{ run }`, 409 while one runs, 400 with the problems. */
export interface StartRunRequest {
  /** `refused.digest` of the run whose deletes the person confirmed. */
  confirm?: string;
  /**
   * Id of a plan: exactly that is done. 404 where there is none, 409 with the code `PLAN_OUTDATED` where its settings are
   * others by now; a run that finds other files than the plan ends `failed` with that code, and has written nothing.
   */
  plan?: string;
  /** Take over a bucket that another site owned. */
  takeOver?: boolean;
  /** Bring back what is missing here from the bucket, instead of a sync. Writes nothing to the bucket. */
  restore?: boolean;
}

/** What a run would do: a plan, without its operations. It is kept for a day, on the server that made it. */
export interface PlanAnswer {
  id: string;
  status: 'making' | 'ready' | 'failed' | 'cancelled';
  /** Name of the administrator who asked for it. */
  startedBy?: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt?: string;
  mode: Settings['mode'];
  /** Name of the server that made it. */
  host: string;
  /** Files looked at so far. */
  seen: number;
  /** Files that could not be looked at; with any, nothing would be deleted. */
  failed: number;
  counts: Record<PlannedAction, { files: number; bytes: number }>;
  /** The guard that would withhold the deletes, and the digest that confirms them. */
  refused?: Refusal;
  error?: { code: string; message: string; fix: string };
}

/** `POST /s3-sync/plans`: 202 `{ plan }`, 409 while a run or another preview goes on, 400 with the problems. */
export interface StartPlanAnswer {
  plan: PlanAnswer;
}

/** `GET /s3-sync/plans`: newest first, at most three that are finished. */
export interface PlanListAnswer {
  results: PlanAnswer[];
}

/** `GET /s3-sync/plans/:id?page=&pageSize=&action=&search=&sort=action|key|size&order=asc|desc` */
export interface PlanDetailAnswer {
  plan: PlanAnswer;
  operations: PlannedOperation[];
  /** The first hundred files that could not be looked at. */
  failures: KeyFailure[];
  pagination: Pagination;
}

/** One server of the site. */
export interface InstanceAnswer {
  host: string;
  pid: number;
  /** Absolute path of the directory that it syncs. */
  directory: string;
  /** The same for servers that share one directory. */
  directoryId: string;
  mode?: Settings['mode'];
  /** Whether it has shown a sign of life lately. */
  alive: boolean;
  /** The server that answers. */
  current: boolean;
  /** ISO 8601, by the database's clock, like the next one. */
  lastSeenAt: string;
  /** End of its last run. */
  lastRunAt?: string;
  /** Row of the change feed up to which it knows what the others changed. */
  feedPosition?: number;
  /** Conditions of writes that its store was found to honour; where one is false, the object is looked at before. */
  conditions?: WriteConditions;
}

/** `GET /s3-sync/trash?page=&pageSize=&search=`: what the server that answers keeps, newest first. */
export interface TrashAnswer {
  results: TrashItem[];
  /** Name of the server. */
  host: string;
  /** Days for which a file is kept. */
  keptDays: number;
  pagination: Pagination;
}

/** `POST /s3-sync/trash/:id/restore`: 200, 404 where there is no such item. */
export interface RestoreAnswer {
  /** Where the file is again. */
  key: string;
}

/**
 * Why an event led to no run of its own.
 * - `coalesced`: another one that waited already, or still waited, brought the run.
 * - `off`: syncs after a save are switched off.
 * - `excluded`: its content type is left out by the settings.
 * - `problems`: the settings do not let anything be synced.
 * - `outside`: none of its files is in the synced directory.
 * - `busy`: a run went on.
 */
export type SkipReason = 'coalesced' | 'off' | 'excluded' | 'problems' | 'outside' | 'busy';

/** How a run ended, for the counts; `failed` where a single file failed, too. */
export type RunOutcome = 'changed' | 'unchanged' | 'refused' | 'failed' | 'cancelled';

/** What asked for syncs, and what came of it. */
export interface ActivityAnswer {
  /** ISO 8601. */
  since: string;
  events: Partial<Record<TriggerName, number>>;
  skipped: Record<SkipReason, number>;
  /** Runs that were done again because the one before failed for a reason that may pass. */
  retries: number;
  /** By what asked first. */
  runs: Partial<Record<TriggerName, number>>;
  outcomes: Record<RunOutcome, number>;
  /** S3 requests by kind, those of previews, connection tests, read-through and the files service too. */
  requests: Record<string, number>;
  /** Bytes that runs transferred. */
  bytes: number;
}

/** The last time that all files were looked at, on the server that answers. */
export interface LookAnswer {
  /** ISO 8601. */
  at: string;
  status: SyncStatus;
  /** What stood on each side at its end; absent where it did not come so far. */
  sides?: TotalOfSides;
  /** How the last one ended that looked at the bucket itself, and not at what is remembered of it. */
  compared?: SyncStatus;
}

/** When this server will look at all files by itself; ISO 8601. */
export interface ScheduleAnswer {
  /** At the local files. */
  scanAt?: string;
  /** At both sides. */
  reconcileAt?: string;
}

/**
 * How the two sides stand, by the last look and the last run.
 * - `off`: nothing is synced, see the problems.
 * - `running`: a run goes on.
 * - `in-step`: they were found or made equal.
 * - `out-of-step`: the last run did not do all that was to be done.
 * - `unknown`: nobody has looked yet.
 */
export type StepState = 'off' | 'running' | 'in-step' | 'out-of-step' | 'unknown';

/** `GET /s3-sync/status`, polled by the page. */
export interface StatusAnswer {
  problems: Problem[];
  state: StepState;
  /** Oldest first. */
  instances: InstanceAnswer[];
  /** On the server that answers, since its start. */
  activity: ActivityAnswer;
  /** On all servers of the site, since the plugin was first started. */
  totals: ActivityAnswer;
  lastLook?: LookAnswer;
  next: ScheduleAnswer;
  /** Of the saved settings, as `GET /s3-sync/settings` tells it. */
  settingsVersion: string;
  /** A preview is being made on the server that answers; until it has ended no run can be started there. */
  previewing?: PreviewingAnswer;
  /** The run of this directory that goes on. */
  running?: RunAnswer;
  /** The run of this directory that ended last. */
  lastRun?: RunAnswer;
  /**
   * The run of this directory that somebody still has to decide about or to repair, however many smaller ones have gone
   * well since. May be the last one.
   */
  unresolved?: RunAnswer;
  /** Runs of living servers with other directories that go on, or that somebody has to settle there. */
  elsewhere: RunAnswer[];
}

/** A preview that is being made. */
export interface PreviewingAnswer {
  /** Files looked at so far. */
  seen: number;
}

/** Where an error arose that belongs to no run. */
export type ErrorSource = 'triggers' | 'feed' | 'history' | 'servers' | 'read-through';

/** Errors of one kind that belong to no run. */
export interface ErrorAnswer {
  id: number;
  source: ErrorSource;
  level: 'warn' | 'error';
  /** What happened, in the words of the log. */
  message: string;
  /** How often, within an hour of one another. */
  count: number;
  /** ISO 8601. */
  firstAt: string;
  lastAt: string;
  /** Name of the server. */
  host: string;
}

/** `GET /s3-sync/errors?page=&pageSize=`: newest first, the last 200. */
export interface ErrorListAnswer {
  results: ErrorAnswer[];
  pagination: Pagination;
}
