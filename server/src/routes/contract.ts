import type { Settings } from '../config/settingsSchema';
import type { SyncProgress } from '../sync/SyncProgress';
import type { KeyFailure, Refusal, SyncStatus } from '../sync/SyncReport';

/** One problem that keeps anything from being synced, for the page and the CLI alike. */
export interface Problem {
  /**
   * `BUCKET_MISSING`, `REGION_MISSING`, `MODE_MISSING`, `MODE_NOT_AVAILABLE`, `PROVIDER_NOT_LOCAL`,
   * `DIRECTORY_MISSING`, `SETTINGS_INVALID` (saved or configured values that do not fit together).
   */
  code: string;
  /** The setting to change, if one does. */
  setting?: keyof Settings;
  message: string;
}

/** `GET` and `PUT /s3-sync/settings`. Never holds a secret. */
export interface SettingsAnswer {
  settings: Settings;
  /** Settings fixed by `config/plugins`: shown disabled. */
  locked: (keyof Settings)[];
  /** Where the credentials come from. */
  credentials: 'config' | 'aws-chain';
  problems: Problem[];
}

/** What asked for a run. */
export type TriggerName = 'button' | 'content' | 'media' | 'start' | 'scan' | 'cron' | 'cli';

/** One run, as the history shows it. */
export interface RunAnswer {
  id: number;
  trigger: TriggerName;
  /** Name of the administrator who asked for it; absent for automatic runs. */
  startedBy?: string;
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
  refused?: Refusal;
  error?: { code: string; message: string; fix: string };
  /** Only while it runs. */
  progress?: SyncProgress;
}

/** `GET /s3-sync/runs/:id?page=&pageSize=`: the run and one page of its failures. */
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

/** `POST /s3-sync/runs`: 202 `{ run }`, 409 while one runs, 400 with the problems. */
export interface StartRunRequest {
  /** `refused.digest` of the run whose deletes the person confirmed. */
  confirm?: string;
  /** Take over a bucket that another site owned. */
  takeOver?: boolean;
}

/** `GET /s3-sync/status`, polled by the page. */
export interface StatusAnswer {
  problems: Problem[];
  running?: RunAnswer;
  lastRun?: RunAnswer;
}
