import { z } from 'zod';
import type {
  Problem,
  RestoreAnswer,
  RunAnswer,
  RunDetailAnswer,
  RunListAnswer,
  StatusAnswer,
  TrashAnswer,
} from '../routes/contract';
import type { ConnectionTest } from '../sync/bucket/testConnection';
import type { PlannedOperation } from '../sync/PlannedOperation';
import type { SyncProgress } from '../sync/SyncProgress';
import type { KeyFailure, Refusal, SyncReport } from '../sync/SyncReport';

const page = z.number().int().min(1);

/** What the command line asks of the process that has the database open. */
export const requestSchema = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('get') }),
  z.strictObject({
    command: z.literal('save'),
    /** Each with the words that were typed; several ones are a list, an empty one is the default. */
    changes: z.array(z.strictObject({ item: z.string(), words: z.array(z.string()).min(1) })).min(1),
  }),
  z.strictObject({
    command: z.literal('sync'),
    scope: z.enum(['whole', 'restore']),
    /** Confirm what a guard refuses, after saying so. */
    force: z.boolean(),
    /** Wait for the run that goes on. */
    wait: z.boolean(),
    /** The person's name on this machine, for the history. */
    startedBy: z.string().max(200).optional(),
  }),
  z.strictObject({ command: z.literal('plan'), wait: z.boolean() }),
  z.strictObject({ command: z.literal('status') }),
  z.strictObject({ command: z.literal('test') }),
  z.strictObject({ command: z.literal('policy') }),
  z.strictObject({ command: z.literal('runs'), page, pageSize: page }),
  z.strictObject({ command: z.literal('run'), id: z.number().int() }),
  z.strictObject({ command: z.literal('trash-list'), page, pageSize: page }),
  z.strictObject({ command: z.literal('trash-restore'), id: z.string() }),
]);

export type CommandRequest = z.output<typeof requestSchema>;

/** Requests that change something, here or in the bucket. */
export function changesSomething({ command }: CommandRequest): boolean {
  return ['save', 'sync', 'plan', 'trash-restore'].includes(command);
}

/** An object of a known form: the same version of the plugin wrote it. */
const written = <Form>() => z.custom<Form>((value) => typeof value === 'object' && value !== null);

/** One setting under its name on the command line. */
export const settingItemSchema = z.object({
  item: z.string(),
  /** `null` where it is not set. */
  value: z.unknown(),
  source: z.enum(['config', 'database', 'default']),
});

export type SettingItem = z.output<typeof settingItemSchema>;

/** Answers, by the command that was asked. */
export const answers = {
  settings: z.object({
    items: z.array(settingItemSchema),
    credentials: z.enum(['config', 'aws-chain']),
    problems: z.array(written<Problem>()),
  }),
  /** A run and every key that failed, was in conflict or was withheld. */
  sync: z.object({ run: written<RunAnswer>(), failures: z.array(written<KeyFailure>()) }),
  /** The operations come before, as events. */
  plan: z.object({ report: written<SyncReport>(), failures: z.array(written<KeyFailure>()) }),
  status: written<StatusAnswer>(),
  test: written<ConnectionTest>(),
  policy: z.record(z.string(), z.unknown()),
  runs: written<RunListAnswer>(),
  run: written<RunDetailAnswer>(),
  trash: written<TrashAnswer>(),
  restored: written<RestoreAnswer>(),
};

export type SettingsListing = z.output<typeof answers.settings>;
export type SyncAnswer = z.output<typeof answers.sync>;
export type PlanAnswer = z.output<typeof answers.plan>;

/** What is told while a command is carried out. */
export const eventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('waiting'), message: z.string() }),
  z.object({ kind: z.literal('started'), run: written<RunAnswer>() }),
  z.object({
    kind: z.literal('progress'),
    progress: written<SyncProgress>(),
    /** Files in the directory, once they are counted. */
    files: z.number().optional(),
  }),
  z.object({ kind: z.literal('forcing'), refused: written<Refusal>() }),
  z.object({ kind: z.literal('operations'), operations: z.array(written<PlannedOperation>()) }),
]);

export type CommandEvent = z.output<typeof eventSchema>;

/** How a command talks to whoever gave it while it is carried out. */
export interface CommandIo {
  /** Aborted when the person gives up. */
  signal: AbortSignal;
  tell(event: CommandEvent): void;
}

/** A server that has shown a sign of life in the database. */
export interface ServerSeen {
  host: string;
  pid: number;
}

/** Carries out requests of the command line. */
export interface CommandsService {
  /** Version of the plugin, as in its package.json. */
  version: string;
  /**
   * @throws {CommandError} where the command is not carried out.
   * @returns what `answers` has for the command.
   */
  execute(request: CommandRequest, io: CommandIo): Promise<unknown>;
  /**
   * Finds a living server that uses this database and ought to have been asked instead: beside it nothing may be written
   * from here.
   */
  findServer(): Promise<ServerSeen | undefined>;
  /**
   * Waits a while for those who are told of a run that failed, such as a mail that is being sent: what goes on is lost
   * when this process ends.
   *
   * @param signal ends the wait.
   */
  settle(signal: AbortSignal): Promise<void>;
}
