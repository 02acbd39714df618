import type { Core } from '@strapi/strapi';
import { BaseAccess } from '../serve/BaseAccess';
import { createFiles, type FilesService, type OwnedFilesService } from '../serve/files';
import { KnownFiles } from '../serve/KnownFiles';
import { MediaUrls } from '../serve/MediaUrls';
import { NamedKeys } from '../serve/NamedKeys';
import { ReadThrough } from '../serve/ReadThrough';
import { ServingSettings } from '../serve/Serving';
import { BaseKeeper } from '../sync/base/BaseKeeper';
import { createCommands } from '../commands/createCommands';
import type { CommandsService } from '../commands/contract';
import { createActivity, type ActivityService } from './activity';
import { createFailureAnnouncer, type FailureAnnouncer } from './announceFailure';
import { createCounters, type CountersService } from './counters';
import { createCredentials, type CredentialsService } from './credentials';
import { createDatabaseClock, type DatabaseClock } from './databaseClock';
import { createErrorLog, type ErrorLogService } from './errorLog';
import { createFeed, type FeedService } from './feed';
import { createInstances, type InstancesService } from './instances';
import { createLeases } from './leases';
import { createLog, type Log } from './log';
import { createMediaReferences, type MediaReferencesService } from './mediaReferences';
import { identifyProcess } from './ProcessIdentity';
import { createPlans, type PlansService } from './plans';
import { createRunner, type RunnerService } from './runner';
import { createRuns, type RunsService } from './runs';
import { createSchedule, type ScheduleService } from './schedule';
import { createSettings, type SettingsService } from './settings';
import { createSite, type SiteService } from './site';
import { createStatus, type StatusService } from './status';
import { createTrash, type TrashService } from './trash';
import { createWishes, type WishesService } from './wishes';

/** The plugin's services, by name. */
export interface Services {
  settings: SettingsService;
  credentials: CredentialsService;
  site: SiteService;
  runs: RunsService;
  instances: InstancesService;
  clock: DatabaseClock;
  feed: FeedService;
  wishes: WishesService;
  trash: TrashService;
  mediaReferences: MediaReferencesService;
  activity: ActivityService;
  counters: CountersService;
  errorLog: ErrorLogService;
  schedule: ScheduleService;
  failureAnnouncer: FailureAnnouncer;
  runner: RunnerService;
  plans: PlansService;
  status: StatusService;
  commands: CommandsService;
  servingSettings: ServingSettings;
  baseAccess: BaseAccess;
  knownFiles: KnownFiles;
  mediaUrls: MediaUrls;
  readThrough: ReadThrough;
  files: OwnedFilesService;
  log: Log;
}

const servicesByStrapi = new WeakMap<Core.Strapi, Services>();

/** The services of one Strapi, typed; the same ones as `strapi.plugin('s3-sync').service(…)`. */
export function servicesOf(strapi: Core.Strapi): Services {
  const known = servicesByStrapi.get(strapi);
  if (known !== undefined) return known;
  const made = createServices(strapi);
  servicesByStrapi.set(strapi, made);
  return made;
}

function createServices(strapi: Core.Strapi): Services {
  const log = createLog(strapi);
  const self = identifyProcess();
  const clock = createDatabaseClock(strapi);
  const settings = createSettings(strapi, log);
  const credentials = createCredentials(strapi);
  const site = createSite(strapi);
  const runs = createRuns(strapi, self, clock);
  const errorLog = createErrorLog(strapi, log);
  const instances = createInstances(strapi, self, clock, errorLog.logFor('servers'));
  const leases = createLeases(strapi, self, clock, errorLog.logFor('servers'));
  const feed = createFeed(strapi, clock);
  const mediaReferences = createMediaReferences(strapi, settings);
  const activity = createActivity();
  const baseKeeper = new BaseKeeper();
  const counters = createCounters(strapi, activity, log);
  const schedule = createSchedule();
  const failureAnnouncer = createFailureAnnouncer(strapi, log);
  const runner = createRunner({
    settings,
    credentials,
    site,
    runs,
    instances,
    leases,
    feed,
    mediaReferences,
    activity,
    baseKeeper,
    announce: (run) => {
      failureAnnouncer.announce(run);
    },
    log,
    errors: errorLog.logFor('history'),
  });
  const plans = createPlans(settings, runner, log);
  const status = createStatus({ settings, runner, runs, instances, activity, counters, schedule });
  const wishes = createWishes();
  const trash = createTrash(settings, feed, wishes);
  const servingSettings = new ServingSettings(settings, credentials);
  const baseAccess = new BaseAccess(baseKeeper, leases);
  const knownFiles = new KnownFiles(baseAccess, log);
  baseKeeper.onChange((keys) => {
    knownFiles.forget(keys);
  });
  const mediaUrls = new MediaUrls(servingSettings, knownFiles, () => strapi.config.get('server.url', ''));
  const named = new NamedKeys(mediaReferences, feed, baseAccess);
  const readThrough = new ReadThrough({
    access: baseAccess,
    named,
    feed,
    activity,
    log: errorLog.logFor('read-through'),
  });
  const files = createFiles(settings, servingSettings, named, activity);
  const commands = createCommands(strapi, {
    settings,
    credentials,
    runs,
    runner,
    status,
    instances,
    trash,
    failureAnnouncer,
  });
  return {
    settings,
    credentials,
    site,
    runs,
    instances,
    clock,
    feed,
    wishes,
    trash,
    mediaReferences,
    activity,
    counters,
    errorLog,
    schedule,
    failureAnnouncer,
    runner,
    plans,
    status,
    commands,
    servingSettings,
    baseAccess,
    knownFiles,
    mediaUrls,
    readThrough,
    files,
    log,
  };
}

/** The services under their names, as Strapi asks for them. The log stays our own. */
const services = {
  settings: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).settings,
  site: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).site,
  runs: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).runs,
  mediaReferences: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).mediaReferences,
  runner: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).runner,
  status: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).status,
  commands: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).commands,
  trash: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).trash,
  files: ({ strapi }: { strapi: Core.Strapi }): FilesService => servicesOf(strapi).files,
};

export default services;
