import type { Core } from '@strapi/strapi';
import { createCredentials, type CredentialsService } from './credentials';
import { createInstances, type InstancesService } from './instances';
import { createLog, type Log } from './log';
import { createMediaReferences, type MediaReferencesService } from './mediaReferences';
import { identifyProcess } from './ProcessIdentity';
import { createRunner, type RunnerService } from './runner';
import { createRuns, type RunsService } from './runs';
import { createSettings, type SettingsService } from './settings';
import { createSite, type SiteService } from './site';
import { createStatus, type StatusService } from './status';

/** The plugin's services, by name. */
export interface Services {
  settings: SettingsService;
  credentials: CredentialsService;
  site: SiteService;
  runs: RunsService;
  instances: InstancesService;
  mediaReferences: MediaReferencesService;
  runner: RunnerService;
  status: StatusService;
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
  const settings = createSettings(strapi, log);
  const credentials = createCredentials(strapi);
  const site = createSite(strapi);
  const runs = createRuns(strapi, self);
  const instances = createInstances(strapi, self, log);
  const mediaReferences = createMediaReferences(strapi, settings);
  const runner = createRunner({ settings, credentials, site, runs, instances, mediaReferences, log });
  const status = createStatus(settings, runner, runs);
  return { settings, credentials, site, runs, instances, mediaReferences, runner, status, log };
}

/** The services under their names, as Strapi asks for them. The log stays our own. */
const services = {
  settings: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).settings,
  site: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).site,
  runs: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).runs,
  mediaReferences: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).mediaReferences,
  runner: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).runner,
  status: ({ strapi }: { strapi: Core.Strapi }) => servicesOf(strapi).status,
};

export default services;
