import { rmSync } from 'node:fs';
import { z } from 'zod';
import { startPostgres, type PostgresServer } from './postgres';
import { listRuns } from './runs';
import { localFiles, SiteBucket } from './SiteBucket';
import type { Store } from './stores';
import { startStrapiProcess, type StrapiProcess } from './strapi';
import { TcpProxy } from './TcpProxy';
import type { TestAppOptions } from './testApp';
import { waitUntil } from './waitUntil';

const feedRow = z.object({
  action: z.string(),
  at: z.coerce.number(),
  directory_id: z.string(),
  content_hash: z.string(),
  by_name: z.boolean(),
});

/** A server that was killed on a busy machine, with thousands of files, compares for a while. */
const FIRST_RUN_MS = 120_000;

/** Several real Strapi servers on one PostgreSQL and one bucket, which they reach through a proxy. */
export class MultiSite {
  readonly #apps = new Map<string, StrapiProcess>();

  /** What the change feed says of a key, a line for each row, oldest first. */
  async feedOf(key: string): Promise<string[]> {
    const table = 'select * from s3_sync_changes where key = $1 order by id';
    const rows = z.array(feedRow).parse(await this.postgres.query(table, [key]));
    return rows.map(
      ({ action, at, directory_id, content_hash, by_name }) =>
        `${new Date(at).toISOString().slice(11)} ${action} ${content_hash.slice(0, 6)} by ${directory_id.slice(0, 6)}${by_name ? ', by name' : ''}`,
    );
  }

  private constructor(
    readonly bucket: SiteBucket,
    readonly proxy: TcpProxy,
    private readonly postgres: PostgresServer,
    private readonly options: Pick<TestAppOptions, 'plugin' | 'pluginConfig'>,
  ) {}

  /**
   * Starts the servers one after the other: the first one makes the tables and the administrator.
   *
   * @param options `plugin`: a built one starts sooner, and must be up to date. `pluginConfig`: further settings.
   */
  static async start(
    store: Store,
    names: readonly string[],
    options: Pick<TestAppOptions, 'plugin' | 'pluginConfig'> = {},
  ): Promise<MultiSite> {
    const [bucket, proxy, postgres] = await Promise.all([
      SiteBucket.create(store),
      TcpProxy.start(store.endpoint),
      startPostgres(),
    ]);
    const site = new MultiSite(bucket, proxy, postgres, options);
    for (const name of names) await site.startServer(name);
    return site;
  }

  /** Starts a server, also again on the folder of one that was killed, and waits for its first run. */
  async startServer(name: string): Promise<StrapiProcess> {
    const known = this.#apps.get(name);
    const app = await startStrapiProcess({
      connection: this.postgres.connection,
      ...this.options,
      pluginConfig: this.bucket.config({
        mode: 'MULTI',
        endpoint: this.proxy.endpoint,
        ...this.options.pluginConfig,
      }),
      ...(known === undefined ? {} : { appDir: known.appDir }),
    });
    this.#apps.set(name, app);
    // All servers have one history: what tells whose run it is is the process.
    await waitUntil(
      'the run of the start',
      async () =>
        (await listRuns(app)).find(
          ({ trigger, pid, status }) => trigger === 'start' && pid === app.pid && status !== 'running',
        ),
      FIRST_RUN_MS,
    );
    return app;
  }

  app(name: string): StrapiProcess {
    const app = this.#apps.get(name);
    if (app === undefined) throw new Error(`There is no server ${name}.`);
    return app;
  }

  /** Waits until every server's folder and the bucket hold the same bytes. Returns MD5 by key. */
  async waitUntilEqual(timeoutMs = 60_000): Promise<Record<string, string>> {
    let state = '';
    try {
      return await waitUntil(
        'all servers and the bucket hold the same',
        async () => {
          const sides = [await this.bucket.objects(), ...this.#folders().map(localFiles)].map(sorted);
          state = differencesOf(sides);
          return new Set(sides.map((side) => JSON.stringify(side))).size === 1 ? sides[0] : undefined;
        },
        timeoutMs,
      );
    } catch (error) {
      throw new Error(`The servers do not hold the same (bucket first):\n${state.slice(0, 5_000)}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    this.proxy.mend();
    await Promise.all([...this.#apps.values()].map((app) => app.stop({ keepApp: true })));
    await Promise.all([this.proxy.close(), this.postgres.stop()]);
    for (const { appDir } of this.#apps.values()) rmSync(appDir, { recursive: true, force: true });
  }

  #folders(): string[] {
    return [...this.#apps.values()].map(({ publicDir }) => publicDir);
  }
}

/** The keys that are not the same everywhere, one a line, with what each side holds. */
function differencesOf(sides: readonly Record<string, string>[]): string {
  const keys = new Set(sides.flatMap((side) => Object.keys(side)));
  const rows = [...keys].map((key) => ({ key, held: sides.map((side) => side[key] ?? 'none') }));
  return rows
    .filter(({ held }) => new Set(held).size > 1)
    .map(({ key, held }) => `${key}: ${held.join(', ')}`)
    .join('\n');
}

function sorted(side: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(side).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
