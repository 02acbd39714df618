import { z } from 'zod';
import { CHANGE_UID, INSTANCE_UID, LEASE_UID } from '../../server/src/content-types/models';
import { createDatabaseClock } from '../../server/src/services/databaseClock';
import { readDatabaseServer } from '../../server/src/services/databaseServer';
import { createFeed, type FeedService } from '../../server/src/services/feed';
import { FeedReader } from '../../server/src/services/FeedReader';
import { createInstances } from '../../server/src/services/instances';
import { createLeases, LEASE_MS } from '../../server/src/services/leases';
import { createLog } from '../../server/src/services/log';
import { DEAD_AFTER_MS, identifyProcess, type ProcessIdentity } from '../../server/src/services/ProcessIdentity';
import { createRuns } from '../../server/src/services/runs';
import { createSite } from '../../server/src/services/site';
import { makeReport } from '../support/makeReport';
import { startPostgres, type PostgresServer } from '../support/postgres';
import { startStrapi, type StartedStrapi } from '../support/strapi';

const DAY_MS = 24 * 60 * 60 * 1000;

describe.each(['sqlite', 'postgres'])('what servers share in the database [%s]', (client) => {
  let postgres: PostgresServer | undefined;
  let app: StartedStrapi;
  let feed: FeedService;

  beforeAll(async () => {
    if (client === 'postgres') postgres = await startPostgres();
    app = await startStrapi(postgres === undefined ? {} : { connection: postgres.connection });
    feed = createFeed(app.strapi, createDatabaseClock(app.strapi));
  });
  afterAll(async () => {
    await app.stop();
    await postgres?.stop();
  });
  beforeEach(async () => {
    for (const uid of [CHANGE_UID, INSTANCE_UID, LEASE_UID]) await app.strapi.db.query(uid).deleteMany({});
  });

  const now = () => createDatabaseClock(app.strapi).now();
  const put = (key: string, md5 = 'one', previousMd5?: string) =>
    ({ key, action: 'put', md5, byName: false, ...(previousMd5 === undefined ? {} : { previousMd5 }) }) as const;
  const del = (key: string, md5 = 'one', byName = false) => ({ key, action: 'delete', md5, byName }) as const;
  /** Adds a row of a minute ago, and returns its position: ids go on from those of earlier tests. */
  const start = async () => {
    await feed.append([put('before')], 'nobody');
    await app.strapi.db
      .query(CHANGE_UID)
      .updateMany({ where: { key: 'before' }, data: { at: (await now()) - 60_000 } });
    return feed.position();
  };

  test('the clock counts milliseconds, as this host does', async () => {
    const before = Date.now();
    const told = await now();
    expect(told).toBeGreaterThanOrEqual(before - 100);
    expect(told).toBeLessThanOrEqual(Date.now() + 100);
    const first = await now();
    expect(await now()).toBeGreaterThanOrEqual(first);
  });

  test('tells what no copy of it has, where it has such a thing', async () => {
    const told = await readDatabaseServer(client, async (sql) => app.strapi.db.connection.raw(sql));
    if (client === 'sqlite') expect(told).toBeUndefined();
    else expect(told).toMatch(/^[0-9a-f]{64}$/);
    expect(await readDatabaseServer(client, async (sql) => app.strapi.db.connection.raw(sql))).toBe(told);
    expect((await createSite(app.strapi).identity()).databaseServer).toBe(told);
  });

  test('a role that may not ask the server for it is no failure', async () => {
    if (client === 'sqlite') return;
    const { connection } = app.strapi.db;
    await connection.raw('revoke execute on function pg_control_system() from public');
    await connection.raw('create role guest');
    try {
      const asGuest = await connection.transaction(async (transaction) => {
        await transaction.raw('set local role guest');
        return readDatabaseServer(client, async (sql) => transaction.raw(sql));
      });
      expect(asGuest).toBeUndefined();
    } finally {
      await connection.raw('grant execute on function pg_control_system() to public');
      await connection.raw('drop role guest');
    }
  });

  describe('the change feed', () => {
    test('gives back what was appended, in order, dated by the database', async () => {
      const from = await start();
      const before = await now();
      await feed.append([put('a', 'two', 'one'), del('ä/🦊.txt', 'x', true)], 'here');
      await feed.append([], 'here');
      const rows = await feed.since(from, 10);
      expect(rows).toMatchObject([
        { key: 'a', action: 'put', md5: 'two', previousMd5: 'one', byName: false, directoryId: 'here' },
        { key: 'ä/🦊.txt', action: 'delete', md5: 'x', byName: true, directoryId: 'here' },
      ]);
      expect(rows[1]).not.toHaveProperty('previousMd5');
      for (const { at } of rows) expect(at).toBeGreaterThanOrEqual(before);
      for (const { at } of rows) expect(at).toBeLessThanOrEqual(await now());
      expect(await feed.position()).toBe(rows[1]?.position);
      expect(await feed.since(from, 1)).toHaveLength(1);
    });

    test('takes thousands of rows at once, with keys as long as S3 allows', async () => {
      const from = await start();
      const long = 'k'.repeat(1_000);
      await feed.append(
        Array.from({ length: 2_500 }, (_, index) => put(`${long}${index}`)),
        'here',
      );
      expect(await feed.since(from, 3_000)).toHaveLength(2_500);
      expect(await feed.past(`${long}2499`, { position: undefined, directoryId: 'x' })).toBeDefined();
    });

    test('dates rows when they are written, however long the ones before them took', async () => {
      const from = await start();
      let asked = 0;
      const slow = createFeed(app.strapi, { now: async () => (await now()) + 60_000 * asked++ });
      await slow.append(
        Array.from({ length: 250 }, (_, index) => put(`slow-${index}`)),
        'here',
      );
      const rows = await feed.since(from, 300);
      const minutes = rows.map(({ at }) => Math.floor((at - (rows[0]?.at ?? 0)) / 60_000));
      expect([minutes[99], minutes[100], minutes[249]]).toEqual([0, 1, 2]);
    });

    test('an empty feed is at position 0', async () => {
      expect(await feed.position()).toBe(0);
      expect(await feed.since(0, 10)).toEqual([]);
    });

    test('knows the past of each key, and tells keys apart that differ by case', async () => {
      await start();
      await feed.append([put('A'), del('A'), put('a', 'two', 'one')], 'there');
      const unseen = { position: undefined, directoryId: 'here' };
      const position = expect.any(Number);
      expect(await feed.past('A', unseen)).toEqual({ deletedMd5: 'one', supersededMd5s: new Set(), position });
      expect(await feed.past('a', unseen)).toEqual({ supersededMd5s: new Set(['one']), position });
      expect(await feed.past('b', unseen)).toEqual({ supersededMd5s: new Set() });
      const seen = { position: await feed.position(), directoryId: 'here' };
      expect(await feed.past('A', seen)).toEqual({ supersededMd5s: new Set(), position });
    });

    test('a row that becomes visible after a later one is told to a reader', async () => {
      const reader = new FeedReader(feed, createDatabaseClock(app.strapi));
      const position = await start();
      await reader.skip();
      const query = app.strapi.db.query(CHANGE_UID);
      // Another transaction has taken this id, and is committed only after the next rows.
      const held = position + 1;
      const row = (id: number, key: string, at: number) => ({
        data: { id, key, keyHash: key, action: 'put', contentHash: 'one', byName: false, directoryId: 'there', at },
      });
      await query.create(row(position + 2, 'later', await now()));
      const later = await reader.read(async () => 'here');
      expect(later).toMatchObject({ kind: 'changes', keys: new Map([['later', false]]), position });
      expect(await feed.position()).toBe(position);
      await query.create(row(held, 'held back', await now()));
      const heldBack = await reader.read(async () => 'here');
      expect(heldBack).toMatchObject({ keys: new Map([['held back', false]]), position: position + 2 });
      expect(await reader.read(async () => 'here')).toEqual({ kind: 'nothing' });
      expect(await feed.position()).toBe(position + 2);
    });

    test('forgets what nobody can need any more, and keeps every last word on a key', async () => {
      const age = async (days: number, ...changes: Parameters<FeedService['append']>[0]) => {
        const before = await feed.since(0, 100);
        await feed.append(changes, 'there');
        const added = (await feed.since(0, 100)).filter((row) => !before.some((old) => old.position === row.position));
        const where = { id: { $in: added.map(({ position }) => position) } };
        await app.strapi.db.query(CHANGE_UID).updateMany({ where, data: { at: (await now()) - days * DAY_MS } });
      };
      await age(401, del('ancient'));
      await age(399, del('tombstone'), put('last put'));
      await age(8, put('outdated'), put('replaced', 'two', 'one'));
      await age(6, put('young'), put('outdated'), put('replaced', 'three', 'two'));
      await age(0, put('young'));
      expect(await feed.prune()).toBe(2);
      const kept = (await feed.since(0, 100)).map(({ key }) => key);
      expect(kept).toEqual(['tombstone', 'last put', 'replaced', 'young', 'outdated', 'replaced', 'young']);
      expect(await feed.prune()).toBe(0);
    });
  });

  describe('the right to sync a directory', () => {
    const processOf = (host: string): ProcessIdentity => ({ ...identifyProcess(), host, pid: 1 });
    const leasesOf = (self: ProcessIdentity) =>
      createLeases(app.strapi, self, createDatabaseClock(app.strapi), createLog(app.strapi));
    const onLost = jest.fn();

    test('belongs to one process at a time, for each directory', async () => {
      const [one, other] = [leasesOf(processOf('host-1')), leasesOf(processOf('host-2'))];
      const lease = await one.acquire('shared', onLost);
      expect(lease.kind).toBe('mine');
      expect(await other.acquire('shared', onLost)).toEqual({ kind: 'held', host: 'host-1', pid: 1 });
      const elsewhere = await other.acquire('its own', onLost);
      expect(elsewhere.kind).toBe('mine');
      if (lease.kind === 'mine') await lease.release();
      const next = await other.acquire('shared', onLost);
      expect(next.kind).toBe('mine');
      for (const held of [elsewhere, next]) if (held.kind === 'mine') await held.release();
    });

    test('goes to one only of many that ask at once', async () => {
      const asked = await Promise.all(
        Array.from({ length: 8 }, (_, index) => leasesOf(processOf(`host-${index}`)).acquire('wanted', onLost)),
      );
      expect(asked.filter(({ kind }) => kind === 'mine')).toHaveLength(1);
      for (const lease of asked) if (lease.kind === 'mine') await lease.release();
    });

    test('ends by itself, on the database’s clock, and goes to one only', async () => {
      const before = await now();
      const dead = await leasesOf(processOf('dead')).acquire('left', onLost);
      const { expiresAt } = z
        .object({ expiresAt: z.coerce.number() })
        .parse(await app.strapi.db.query(LEASE_UID).findOne({ where: { directoryId: 'left' } }));
      expect(expiresAt).toBeGreaterThanOrEqual(before + LEASE_MS);
      expect(expiresAt).toBeLessThanOrEqual((await now()) + LEASE_MS);
      await app.strapi.db
        .query(LEASE_UID)
        .updateMany({ where: { directoryId: 'left' }, data: { expiresAt: (await now()) - 1 } });
      const asked = await Promise.all(
        Array.from({ length: 4 }, (_, index) => leasesOf(processOf(`host-${index}`)).acquire('left', onLost)),
      );
      expect(asked.filter(({ kind }) => kind === 'mine')).toHaveLength(1);
      // The dead one's release takes nothing from the new holder.
      if (dead.kind === 'mine') await dead.release();
      expect(await leasesOf(processOf('late')).acquire('left', onLost)).toMatchObject({ kind: 'held' });
      for (const lease of asked) if (lease.kind === 'mine') await lease.release();
    });

    test('is taken at once from a process of this host that is gone', async () => {
      const self = identifyProcess();
      const killed = await leasesOf({ ...self, bootId: self.bootId.replace(/[^.]+$/, 'earlier') }).acquire(
        'after a kill',
        onLost,
      );
      const next = await leasesOf(self).acquire('after a kill', onLost);
      expect(next.kind).toBe('mine');
      for (const lease of [killed, next]) if (lease.kind === 'mine') await lease.release();
    });
  });

  describe('the runs', () => {
    test('of servers with one host name and directories of their own stand in nobody’s way', async () => {
      const clock = createDatabaseClock(app.strapi);
      const one = createRuns(app.strapi, identifyProcess(), clock);
      const other = createRuns(app.strapi, { ...identifyProcess(), pid: process.ppid }, clock);
      const { id } = await one.create({
        trigger: 'start',
        mode: 'MULTI',
        directory: '/srv/app/public',
        scope: { kind: 'whole' },
      });
      await one.lock(id, 'first volume');
      expect(await other.findElsewhere('second volume')).toBeUndefined();
      expect(await other.findElsewhere('first volume')).toMatchObject({ run: { id }, pid: process.pid });
      expect(await one.findElsewhere('first volume')).toBeUndefined();
      await one.remove(id);
    });
  });

  describe('the servers', () => {
    const processOf = (host: string): ProcessIdentity => ({ ...identifyProcess(), host, pid: 1 });
    const instancesOf = (self: ProcessIdentity) =>
      createInstances(app.strapi, self, createDatabaseClock(app.strapi), createLog(app.strapi));
    const placeOf = (name: string, mode: 'SINGLE' | 'MULTI' = 'SINGLE') => ({
      directory: `/${name}/public`,
      directoryId: name,
      mode,
    });

    test('one that only listened and begins to sync later comes after those that sync by then', async () => {
      const [late, early] = [instancesOf(processOf('late')), instancesOf(processOf('early'))];
      await late.listens('/late/public');
      await early.enter(placeOf('early'));
      await late.enter(placeOf('late'));
      expect(await early.findOther('early')).toBeUndefined();
      expect(await late.findOther('late')).toEqual({ host: 'early', directory: '/early/public' });
      expect((await early.servers()).map(({ host }) => host)).toContain('late');
      await late.leave();
      await early.leave();
    });

    test('in SINGLE mode the one that came later waits for the first one until it leaves', async () => {
      const [old, young] = [instancesOf(processOf('old')), instancesOf(processOf('young'))];
      await old.enter(placeOf('old'));
      await young.enter(placeOf('young'));
      expect(await young.findOther('young')).toEqual({ host: 'old', directory: '/old/public' });
      expect(await old.findOther('old')).toBeUndefined();
      await old.leave();
      expect(await young.findOther('young')).toBeUndefined();
      await young.leave();
    });

    test('a server that was killed stands in the way until its heartbeat has ended', async () => {
      const [killed, young] = [instancesOf(processOf('killed')), instancesOf(processOf('young'))];
      await killed.enter(placeOf('killed'));
      await young.enter(placeOf('young'));
      const seen = (ms: number) =>
        app.strapi.db.query(INSTANCE_UID).updateMany({ where: { host: 'killed' }, data: { seenAt: ms } });
      await seen((await now()) - DEAD_AFTER_MS + 20_000);
      expect(await young.findOther('young')).toBeDefined();
      await seen((await now()) - DEAD_AFTER_MS - 1);
      expect(await young.findOther('young')).toBeUndefined();
      await Promise.all([killed.leave(), young.leave()]);
    });

    test('a server in MULTI mode stands in the way of one in SINGLE mode, whichever came first', async () => {
      const [single, multi] = [instancesOf(processOf('single')), instancesOf(processOf('multi'))];
      await single.enter(placeOf('single'));
      await multi.enter(placeOf('multi', 'MULTI'));
      expect(await single.findOther('single')).toEqual({ host: 'multi', directory: '/multi/public' });
      await multi.enter(placeOf('multi'));
      expect(await single.findOther('single')).toBeUndefined();
      await Promise.all([single.leave(), multi.leave()]);
    });

    test('several servers on one shared directory do not stand in each other’s way', async () => {
      const [one, other] = [instancesOf(processOf('one')), instancesOf(processOf('other'))];
      await one.enter(placeOf('shared'));
      await other.enter(placeOf('shared'));
      expect(await other.findOther('shared')).toBeUndefined();
      await Promise.all([one.leave(), other.leave()]);
    });

    test('what a store honours is not told any more once an answer contradicted it', async () => {
      const one = instancesOf(processOf('prober'));
      await one.enter(placeOf('prober', 'MULTI'));
      const conditions = { putIfAbsent: true, putIfMatch: true, deleteIfMatch: true };
      await one.noteRun(makeReport({ multi: { conditions } }));
      await one.noteRun(makeReport());
      expect(await one.list()).toMatchObject([{ conditions }]);
      await one.noteRun(makeReport({ multi: {} }));
      expect((await one.list())[0]).not.toHaveProperty('conditions');
      await one.leave();
    });

    test('a server that was taken for dead enters again with what it notes next', async () => {
      const one = instancesOf(processOf('sleeper'));
      await one.enter(placeOf('sleeper', 'MULTI'));
      await app.strapi.db.query(INSTANCE_UID).deleteMany({});
      await one.enter(placeOf('sleeper', 'SINGLE'));
      expect(await one.list()).toMatchObject([{ host: 'sleeper', alive: true, current: true }]);
      await one.leave();
      expect(await one.list()).toEqual([]);
    });
  });
});
