import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import type { SettingError } from '../config/settingsSchema';
import { version } from '../../../package.json';
import type { Problem } from '../routes/contract';
import type { Services } from '../services';
import type { RunRequest, StartOutcome } from '../services/runner';
import { createKeyFilter } from '../sync/KeyFilter';
import type { PlannedOperation } from '../sync/PlannedOperation';
import { SyncError } from '../sync/SyncError';
import type { KeyFailure, Refusal } from '../sync/SyncReport';
import { CommandError } from './CommandError';
import type { CommandIo, CommandRequest, CommandsService, PlanAnswer, SettingsListing, SyncAnswer } from './contract';
import { countFiles } from './countFiles';
import { makePolicy } from './makePolicy';
import { mergeRuns } from './mergeRuns';
import { findSetting, listItems, toChange, toItem, toValue } from './settingItems';

const PROGRESS_MS = 200;
const BUSY_PAUSE_MS = 500;
const FAILURES_PER_PAGE = 1_000;
const OPERATIONS_PER_EVENT = 500;

/** One guard after the other may refuse, each once: a bucket of another site, then its files. */
const MOST_FORCED = 3;

/** The services that commands need. */
type Parts = Pick<
  Services,
  'settings' | 'credentials' | 'runs' | 'runner' | 'status' | 'instances' | 'trash' | 'failureAnnouncer'
>;

/** Makes the service that carries out what the command line asks, whether it comes by socket or from this process. */
export function createCommands(strapi: Core.Strapi, parts: Parts): CommandsService {
  const { settings, credentials, runs, runner, status, instances, trash, failureAnnouncer } = parts;

  async function get(): Promise<SettingsListing> {
    const { settings: values, locked, saved, problems } = await settings.read();
    return { items: listItems(values, locked, saved), credentials: credentials.source(), problems };
  }

  async function save({ changes }: Extract<CommandRequest, { command: 'save' }>): Promise<SettingsListing> {
    const current = (await settings.read()).settings;
    let merged = current;
    const wanted: Record<string, unknown> = {};
    for (const { item, words } of changes) {
      const path = findSetting(item);
      const change = toChange(path, toValue(path, words, merged), merged);
      merged = { ...merged, ...change };
      Object.assign(wanted, change);
    }
    const saved = await settings.save(wanted);
    if ('errors' in saved) throw invalid(saved.errors);
    return get();
  }

  /** Starts a run, or waits until it can be started. */
  async function start(
    request: RunRequest,
    wait: boolean,
    io: CommandIo,
  ): Promise<Extract<StartOutcome, { kind: 'started' }>> {
    let told = '';
    for (;;) {
      if (io.signal.aborted) throw cancelled();
      const outcome = await runner.start(request);
      if (outcome.kind === 'started') return outcome;
      if (outcome.kind === 'problems') throw notReady(outcome.problems);
      if (!wait) throw busy(outcome);
      if (outcome.message !== told) io.tell({ kind: 'waiting', message: describeBusy(outcome) });
      told = outcome.message;
      await untilFree(io.signal);
    }
  }

  /** Waits for the run of this process, or a while for that of another one. */
  async function untilFree(signal: AbortSignal): Promise<void> {
    if (runner.current() === undefined) await sleep(BUSY_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    else await Promise.race([runner.idle(), aborted(signal)]);
  }

  async function runToEnd(request: RunRequest, wait: boolean, io: CommandIo): Promise<SyncAnswer> {
    const { run, ended } = await start(request, wait, io);
    io.tell({ kind: 'started', run });
    const cancel = (): void => {
      runner.cancel(run.id);
    };
    io.signal.addEventListener('abort', cancel, { once: true });
    if (io.signal.aborted) cancel();
    const stop = watchProgress(run.id, io);
    try {
      const end = await ended;
      return { run: end.run, failures: await failuresOf(run.id) };
    } finally {
      stop();
      io.signal.removeEventListener('abort', cancel);
    }
  }

  /** Tells a few times a second how far the run is. */
  function watchProgress(id: number, io: CommandIo): () => void {
    const counting = new AbortController();
    let files: number | undefined;
    settings
      .read()
      .then(({ places, settings: { include, exclude } }) =>
        countFiles(places.directory, createKeyFilter({ include, exclude }), counting.signal),
      )
      .then(
        (count) => {
          files = count;
        },
        // Without a count there is no time left to tell, and that is all.
        () => undefined,
      );
    const timer = setInterval(() => {
      const current = runner.current();
      if (current?.id !== id || current.progress === undefined) return;
      io.tell({ kind: 'progress', progress: current.progress, ...(files === undefined ? {} : { files }) });
    }, PROGRESS_MS);
    return () => {
      clearInterval(timer);
      counting.abort();
    };
  }

  async function failuresOf(id: number): Promise<KeyFailure[]> {
    const failures: KeyFailure[] = [];
    for (let page = 1; ; page += 1) {
      const detail = await runs.get(id, page, FAILURES_PER_PAGE);
      failures.push(...(detail?.failures ?? []));
      if (detail === undefined || failures.length >= detail.pagination.total) return failures;
    }
  }

  async function sync(
    { scope, force, wait, startedBy }: Extract<CommandRequest, { command: 'sync' }>,
    io: CommandIo,
  ): Promise<SyncAnswer> {
    const common = {
      trigger: 'cli' as const,
      scope: { kind: scope },
      ...(startedBy === undefined ? {} : { startedBy }),
    };
    let answer = await runToEnd(common, wait, io);
    let passed: Pick<RunRequest, 'confirm' | 'takeOver'> = {};
    for (let forced = 0; force && forced < MOST_FORCED && !io.signal.aborted; forced += 1) {
      const { refused } = answer.run;
      const pass = refused && wayPast(refused);
      if (!refused || !pass) break;
      passed = { ...passed, ...pass };
      io.tell({ kind: 'forcing', refused });
      try {
        // A scan may have begun in between. What was asked for has begun already, so it waits for its turn.
        answer = mergeRuns(answer, await runToEnd({ ...common, ...passed }, true, io));
      } catch (error) {
        return endedBy(answer, error);
      }
    }
    return answer;
  }

  async function plan(wait: boolean, io: CommandIo): Promise<PlanAnswer> {
    let operations: PlannedOperation[] = [];
    const failures: KeyFailure[] = [];
    const flush = (): void => {
      if (operations.length > 0) io.tell({ kind: 'operations', operations });
      operations = [];
    };
    for (let told = ''; ;) {
      const outcome = await runner.preview({
        signal: io.signal,
        onOperation(operation) {
          operations.push(operation);
          if (operations.length >= OPERATIONS_PER_EVENT) flush();
        },
        onFailure: (failure) => failures.push(failure),
      });
      if (outcome.kind === 'problems') throw notReady(outcome.problems);
      if (outcome.kind === 'planned') {
        flush();
        return { report: outcome.report, failures };
      }
      if (!wait) throw busy(outcome);
      if (outcome.message !== told) io.tell({ kind: 'waiting', message: describeBusy(outcome) });
      told = outcome.message;
      await untilFree(io.signal);
      if (io.signal.aborted) throw cancelled();
    }
  }

  async function policy(): Promise<Record<string, unknown>> {
    const { settings: values, problems } = await settings.read();
    const { bucketName } = values;
    if (bucketName === undefined) throw notReady(problems.filter(({ setting }) => setting === 'bucketName'));
    return makePolicy({ ...values, bucketName });
  }

  async function run(id: number): Promise<unknown> {
    await runs.interruptDead();
    const detail = await runs.get(id, 1, FAILURES_PER_PAGE);
    if (detail !== undefined) {
      const current = runner.current();
      return { ...detail, run: current?.id === id ? current : detail.run };
    }
    const message = `There is no run ${id}. Only the last 200 are kept.`;
    throw new CommandError({ code: 'NOT_FOUND', message, fix: 'List them with: s3-sync runs' });
  }

  async function restoreFromTrash(id: string): Promise<unknown> {
    const item = await trash.restore(id);
    if (item !== undefined) return { key: item.key };
    const message = `There is nothing with the id ${id} in the trash of this server.`;
    throw new CommandError({ code: 'NOT_FOUND', message, fix: 'List it with: s3-sync trash list' });
  }

  async function carryOut(request: CommandRequest, io: CommandIo): Promise<unknown> {
    switch (request.command) {
      case 'get':
        return get();
      case 'save':
        return save(request);
      case 'sync':
        return sync(request, io);
      case 'plan':
        return plan(request.wait, io);
      case 'status':
        return status.read();
      case 'test': {
        const outcome = await runner.test(io.signal);
        if ('problems' in outcome) throw notReady(outcome.problems);
        return outcome.test;
      }
      case 'policy':
        return policy();
      case 'runs':
        await runs.interruptDead();
        return runs.list(request.page, request.pageSize);
      case 'run':
        return run(request.id);
      case 'trash-list':
        return trash.page(request.page, request.pageSize);
      case 'trash-restore':
        return restoreFromTrash(request.id);
    }
  }

  return {
    version,

    async execute(request, io) {
      try {
        return await carryOut(request, io);
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        throw new CommandError({ code: error.code, message: error.message, fix: error.fix });
      }
    },

    settle: (signal) => failureAnnouncer.settle(signal),

    async findServer() {
      const servers = await instances.servers();
      const { places } = await settings.read();
      const isFile = z.string().catch('').parse(strapi.config.get('database.connection.client')).includes('sqlite');
      // Other servers with directories of their own may share a database server, but not a database file.
      const server = servers.find(
        ({ host, directory }) => isFile || (host === hostname() && directory === places.directory),
      );
      return server && { host: server.host, pid: server.pid };
    },
  };
}

/** What a run has to be told so that it does what the guard refused; `undefined` where nothing helps. */
function wayPast({ guard, digest }: Refusal): Pick<RunRequest, 'confirm' | 'takeOver'> | undefined {
  if (guard === 'other-site') return { takeOver: true };
  return digest === undefined ? undefined : { confirm: digest };
}

/** What a run has done, where the one that was to go on from there did not come about. */
function endedBy({ run, failures }: SyncAnswer, error: unknown): SyncAnswer {
  if (!(error instanceof CommandError)) throw error;
  if (error.code === 'CANCELLED') return { run: { ...run, status: 'cancelled' }, failures };
  const { code, message, fix } = error;
  return { run: { ...run, status: 'failed', error: { code, message, fix } }, failures };
}

type Busy = Extract<StartOutcome, { kind: 'busy' }>;

function describeBusy({ run, message }: Busy): string {
  if (run === undefined) return message;
  const who = run.startedBy === undefined ? '' : ` by ${run.startedBy}`;
  return `${message} It is run ${run.id} (${run.trigger}), started${who} at ${run.startedAt}.`;
}

function busy(outcome: Busy): CommandError {
  return new CommandError({
    code: 'BUSY',
    message: describeBusy(outcome),
    fix: 'Try again when it has ended, or wait for it with --wait.',
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

function cancelled(): CommandError {
  return new CommandError({ code: 'CANCELLED', message: 'Cancelled. Nothing was started.', fix: '' });
}

function notReady(problems: readonly Problem[]): CommandError {
  const isMissing = (setting: string): boolean => problems.some((problem) => problem.setting === setting);
  const required = ['bucketName', 'awsRegion', 'mode'].filter(isMissing);
  const fixes = required.map((name) => `s3-sync set ${toItem(name)} <value>`);
  return new CommandError({
    code: problems[0]?.code ?? 'SETTINGS_INVALID',
    message: problems.map(({ message }) => message).join(' '),
    fix: fixes.length === 0 ? '' : `Set what is missing: ${fixes.join(', ')}.`,
  });
}

function invalid(errors: readonly SettingError[]): CommandError {
  const lines = errors.map(({ path, message }) => {
    const item = path.map((name) => toItem(name)).join('.');
    return message.startsWith('Is set in config/plugins') ? `${item} is s${message.slice(4)}` : `${item}: ${message}`;
  });
  return new CommandError({ code: 'SETTINGS_INVALID', message: lines.join('\n'), fix: 'Nothing was saved.' });
}
