import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Strapi from '@strapi/strapi';
import { z } from 'zod';
import { CommandError } from '../commands/CommandError';
import type { CommandsService } from '../commands/contract';
import { findCurrentBuild } from './findCurrentBuild';
import type { Output } from './Output';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** A Strapi that is loaded and does not listen: no automatic sync, no cron, no watcher. */
export interface LoadedStrapi {
  commands: CommandsService;
  /** Ends it. Those who are told of a failed run get their time before, unless the signal is aborted. */
  destroy(signal: AbortSignal): Promise<void>;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';

const strapiModule = z.object({
  createStrapi: z.custom<(typeof Strapi)['createStrapi']>(isFunction),
  compileStrapi: z.custom<(typeof Strapi)['compileStrapi']>(isFunction),
});

const commandsSchema = z.custom<CommandsService>(
  (value) => z.object({ version: z.string(), execute: z.custom(isFunction) }).safeParse(value).success,
);

/**
 * Loads the project's own Strapi in this process.
 *
 * @param root the project's folder.
 * @param version of this command; the plugin that the project loads must have it too.
 * @throws {CommandError} where Strapi or the plugin is missing, or Strapi does not start.
 */
export async function loadStrapi(root: string, version: string, output: Output): Promise<LoadedStrapi> {
  const { createStrapi, compileStrapi } = requireStrapi(root);
  // Strapi reads .env, and many a config/ its files, from the working folder.
  process.chdir(root);
  output.catchOthers();
  // Strapi ends the process itself where TypeScript does not compile.
  const onExit = (): void => {
    output.showCaught();
    const message = 'Strapi ended while it was loaded.';
    if (output.json) output.answer({ error: { code: 'STRAPI_FAILED', message, fix: 'See above.' } }, '');
  };
  process.once('exit', onExit);
  try {
    const build = existsSync(join(root, 'tsconfig.json')) ? findCurrentBuild(root) : root;
    const dirs = build === undefined ? await compileStrapi({ appDir: root }) : { appDir: root, distDir: build };
    const strapi = withOwnSignals(() => createStrapi({ ...dirs, autoReload: false, serveAdminPanel: false }));
    await strapi.load();
    // The site's own cron tasks run in its server, not in every command.
    strapi.cron.stop();
    const found = commandsSchema.safeParse(findCommands(strapi));
    if (!found.success || found.data.version !== version) {
      await strapi.destroy();
      throw found.success ? otherVersion(found.data.version, version) : notEnabled();
    }
    const commands = found.data;
    return {
      commands,
      async destroy(signal) {
        await commands.settle(signal);
        await strapi.destroy();
      },
    };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    output.showCaught();
    const message = `Strapi could not be loaded: ${error instanceof Error ? error.message : String(error)}`;
    throw new CommandError({ code: 'STRAPI_FAILED', message, fix: 'Start it with "strapi start" to see more.' });
  } finally {
    process.off('exit', onExit);
  }
}

function requireStrapi(root: string): z.output<typeof strapiModule> {
  try {
    const found: unknown = createRequire(join(root, 'package.json'))('@strapi/strapi');
    return strapiModule.parse(found);
  } catch (error) {
    throw new CommandError({
      code: 'STRAPI_MISSING',
      message: `Strapi cannot be found from ${root}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`,
      fix: 'Install the packages of the project first.',
    });
  }
}

/** Strapi would end the process at the first signal, before the run is cancelled and told of. */
function withOwnSignals<Made>(make: () => Made): Made {
  const before = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
  const made = make();
  for (const [signal, listeners] of before) {
    for (const listener of process.listeners(signal)) if (!listeners.includes(listener)) process.off(signal, listener);
  }
  return made;
}

function findCommands(strapi: Strapi.Core.Strapi): unknown {
  const plugins: Record<string, { service(name: string): unknown } | undefined> = strapi.plugins;
  try {
    return plugins['s3-sync']?.service('commands');
  } catch {
    return undefined;
  }
}

function notEnabled(): CommandError {
  return new CommandError({
    code: 'PLUGIN_MISSING',
    message: 'The plugin s3-sync is not enabled in this project.',
    fix: 'Install strapi-plugin-s3-sync in it, and do not disable it in config/plugins.',
  });
}

function otherVersion(loaded: string, own: string): CommandError {
  return new CommandError({
    code: 'OTHER_VERSION',
    message: `The project has version ${loaded} of the plugin, this command has ${own}.`,
    fix: 'Run the command that is installed in the project: npx s3-sync',
  });
}
