/**
 * `npm run soak [-- --minutes=30 --seed=1]`: three servers on one PostgreSQL and one bucket, editors at work by REST, and
 * a store, a network and processes that fail at random. Visitors ask every server for files all the time, and may only
 * ever get what was written. In the end all must hold the same, and nothing may be lost.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { MultiSite } from '../support/MultiSite';
import { syncNow } from '../support/runs';
import { startInProjectStore } from '../support/stores';
import { pause } from '../support/waitUntil';
import { Editor, isCutOff } from './Editor';
import { Random } from './Random';
import { Visitor } from './Visitor';

const activityAnswer = z.object({ activity: z.record(z.string(), z.unknown()) });
const NAMES = ['a', 'b', 'c'] as const;
const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? '30');
const seed = Number(values.seed ?? String(1 + Math.floor(Math.random() * 1_000_000)));
const random = new Random(seed);
console.log(`Soak: ${minutes} minutes, --seed=${seed}`);

/**
 * Waits until all hold the same. What a refusal (403) made a server give up is looked at again by the regular comparison
 * of everything only, every 6 hours: after two minutes it is asked for here, and said.
 */
async function untilEqual(site: MultiSite): Promise<Record<string, string>> {
  try {
    return await site.waitUntilEqual(120_000);
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    console.log('So each server is asked to compare everything.');
  }
  for (let tries = 1; ; tries += 1) {
    for (const name of NAMES) {
      const { status, failed, withheld } = await syncNow(site.app(name));
      console.log(`Server ${name}: ${status}, ${failed} failed, ${withheld} withheld.`);
    }
    try {
      return await site.waitUntilEqual(15_000);
    } catch (error) {
      if (tries === 4) throw error;
      console.log(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Of a process, `unknown` where the system does not tell. */
async function residentMiB(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? 'unknown' : (Number(kib) / 1_024).toFixed(0);
}

/** Once all were equal, nothing is on its way, away or broken. */
function leftOpen({ counts: { notYet, storeAway, broken } }: Visitor): string[] {
  const open = notYet + storeAway + broken;
  return open === 0 ? [] : [`${open} files were not served once all were equal`];
}

async function main(): Promise<void> {
  const store = await startInProjectStore();
  const { server } = store;
  const site = await MultiSite.start(store, NAMES);
  /** Servers that are up; one is down while it is killed and started again. */
  const up = new Set<string>(NAMES);
  const troubles: Record<string, number> = {};
  const endAt = Date.now() + minutes * 60_000;
  const isOver = (): boolean => Date.now() >= endAt;

  const editors = NAMES.map((name) => new Editor(`editor-${name}`, random));

  async function edit(editor: Editor): Promise<void> {
    while (!isOver()) {
      const name = random.pick([...up]);
      await editor.act(site.app(name), name);
      await pause(50 + random.next() * 400);
    }
  }

  async function lookAround(visitor: Visitor, name: string): Promise<void> {
    while (!isOver()) {
      const known = editors.flatMap(({ files, deleted }) => [...files, ...deleted]);
      // A server that is down answers nobody.
      if (known.length > 0 && up.has(name)) await visitor.visit(site.app(name), name, random.pick(known));
      await pause(50 + random.next() * 400);
    }
  }

  /** Asks a server for every file once. What it answers in the end must be what it holds. */
  async function lookAtAll(visitor: Visitor, name: string, all: Readonly<Record<string, string>>): Promise<void> {
    for (const file of editors.flatMap(({ files, deleted }) => [...files, ...deleted])) {
      const content = all[file.key];
      // Nothing is on its way any more: an older content, or one that was deleted, is a wrong one.
      const now = { ...file, isDeleted: content === undefined, written: content === undefined ? [] : [content] };
      await visitor.visit(site.app(name), name, now);
    }
  }

  const TROUBLES: Record<string, () => Promise<void>> = {
    'answers 500': () => storm({ kind: 'status', status: 500 }, 0.3),
    'answers SlowDown': () => storm({ kind: 'status', status: 503, code: 'SlowDown' }, 0.5),
    'answers AccessDenied': () => storm({ kind: 'status', status: 403, code: 'AccessDenied' }, 0.2),
    'connections reset': () => storm({ kind: 'reset' }, 0.2),
    'answers lost': () => storm({ kind: 'lost-answer' }, 0.2),
    'bodies cut': () => storm({ kind: 'cut-body' }, 0.3),
    'slow answers': () => storm({ kind: 'delay', ms: 1_500 }, 0.5),
    'network cut': async () => {
      site.proxy.cut();
      await pause(1_000 + random.next() * 8_000);
      site.proxy.mend();
    },
    'server killed': async () => {
      const name = random.pick(NAMES);
      up.delete(name);
      await site.app(name).kill();
      await pause(random.next() * 5_000);
      await site.startServer(name);
      up.add(name);
    },
  };

  async function storm(fault: Parameters<typeof server.fault>[0], probability: number): Promise<void> {
    server.fault({ ...fault, match: { probability } });
    await pause(2_000 + random.next() * 6_000);
    server.clearFaults();
  }

  async function makeTrouble(): Promise<void> {
    const kinds = Object.keys(TROUBLES);
    while (!isOver()) {
      const kind = random.pick(kinds);
      console.log(`${new Date().toISOString().slice(11)} ${kind}`);
      troubles[kind] = (troubles[kind] ?? 0) + 1;
      await TROUBLES[kind]?.();
      await pause(random.next() * 4_000);
    }
  }

  const visitors = NAMES.map((name) => ({ name, during: new Visitor(), after: new Visitor() }));
  let failed = true;
  try {
    await Promise.all([
      makeTrouble(),
      ...editors.map(edit),
      ...visitors.map(({ name, during }) => lookAround(during, name)),
    ]);
    server.clearFaults();
    site.proxy.mend();
    console.log('The trouble is over. Waiting until all hold the same.');
    const begun = Date.now();
    const all = await untilEqual(site);
    const seconds = (Date.now() - begun) / 1_000;
    await Promise.all(visitors.map(({ name, after }) => lookAtAll(after, name, all)));

    const files = editors.flatMap((editor) => editor.files);
    const lost = files.filter(({ key }) => all[key] === undefined).map(({ key }) => key);
    const others = files.filter(({ key, md5s }) => all[key] !== undefined && !md5s.includes(all[key]));
    const cutOff = new Set<string>();
    for (const file of others) {
      const body = await server.getObject(site.bucket.name, file.key);
      if (body !== undefined && isCutOff(file, body)) cutOff.add(file.key);
    }
    const wrong = others.filter(({ key }) => !cutOff.has(key));
    const back = editors.flatMap((editor) => editor.deleted).filter(({ key }) => all[key] !== undefined);

    console.log(`All hold the same ${Object.keys(all).length} files, ${seconds.toFixed(1)} s after the trouble.`);
    for (const [index, editor] of editors.entries()) console.log(`Editor ${index + 1}:`, editor.counts);
    console.log('Trouble:', troubles);
    for (const { name, during, after } of visitors) {
      console.log(`Visitor of server ${name}:`, during.counts);
      console.log(`  once all were equal:`, after.counts);
    }
    for (const name of NAMES) {
      const { body } = await site.app(name).admin.get('/s3-sync/status').expect(200);
      const { activity } = activityAnswer.parse(body);
      console.log(`Server ${name} since its last start:`, JSON.stringify(activity));
      console.log(`  memory: ${await residentMiB(site.app(name).pid)} MiB`);
    }
    console.log(`Files that must be there: ${files.length}. Lost: ${lost.length}. Wrong content: ${wrong.length}.`);
    console.log(
      `Files that Strapi was killed in the middle of writing, and whose beginning is everywhere: ${cutOff.size}.`,
    );
    console.log(
      `Deleted files: ${editors.flatMap(({ deleted }) => deleted).length}. Still or again there: ${back.length}.`,
    );
    const served = visitors.flatMap(({ during, after }) => [...during.wrong, ...after.wrong, ...leftOpen(after)]);
    console.log(`Answers to visitors that must not be: ${served.length}.`);
    for (const line of served) console.log(`  ${line}`);
    for (const key of lost) console.log(`  lost: ${key}`);
    for (const { key, md5s } of wrong)
      console.log(`  wrong content: ${key}, ${all[key] ?? ''} and not ${md5s.join(' or ')}`);
    for (const { key, story } of back) {
      console.log(`  there though deleted: ${key} (${story.join(', ')})`);
      for (const line of await site.feedOf(key)) console.log(`    ${line}`);
    }
    failed = lost.length + wrong.length + back.length + served.length > 0;
  } finally {
    server.clearFaults();
    await site.stop();
    await server.close();
  }
  console.log(
    failed ? 'FAILED: something was lost, wrong, served wrongly, or there though it was deleted.' : 'Nothing was lost.',
  );
  process.exitCode = failed ? 1 : 0;
}

void main();
