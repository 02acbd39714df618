import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mode } from '../../server/src/sync/decide';
import { createKeyFilter } from '../../server/src/sync/KeyFilter';
import { md5Of } from '../../server/src/sync/md5Of';
import type { TrashReason } from '../../server/src/sync/local/Trash';
import { sync } from '../../server/src/sync/sync';
import type { SyncScope } from '../../server/src/sync/SyncOptions';
import type { SyncPhase } from '../../server/src/sync/SyncProgress';
import type { SyncReport } from '../../server/src/sync/SyncReport';
import { knownKeys, wasForgotten } from './CountedBase';
import { CountedFeed } from './CountedFeed';
import type { Action, Disaster, History, Quick, Sync, Trouble } from './history';
import { Intent } from './Intent';
import { MemoryBucket, MemoryStore } from './MemoryBucket';
import { MemoryFeed } from './MemoryFeed';
import { SimulatedInstance } from './SimulatedInstance';
import { Steps } from './Steps';

const PLAIN_KEYS = ['uploads/a.txt', 'uploads/b/c.txt', 'uploads/b/d.txt', 'uploads/e'];
/** Keys that the Media Library names while their files are meant to be there. */
const MEDIA_KEYS = ['uploads/m1.png', 'uploads/m2.png', 'uploads/n/m3.png'];
const KEYS = [...PLAIN_KEYS, ...MEDIA_KEYS];
const isMedia = (key: string): boolean => MEDIA_KEYS.includes(key);

/** Objects of others, outside of what is synced. */
const FOREIGN = new Map([
  ['backup/a.txt', 'foreign 1'],
  ['uploads/.hidden', 'foreign 2'],
  ['uploads2/a.txt', 'foreign 3'],
]);

const FILTER = createKeyFilter({ include: ['uploads/**'], exclude: ['**/.*', '**/.*/**'] });
const DEFAULT_MAX_DELETE = { files: 10, percent: 25, absolute: 1_000 };
const TIGHT_MAX_DELETE = { files: 2, percent: 25, absolute: 1_000 };

/** Rounds of whole runs after which everything has to be at rest. */
const ROUNDS = 10;

/** A run beside another one is waited for so long, in ms, unless it waits for the other one itself. */
const BESIDE_MS = 100;

/** What the histories of a test did, for people who wonder what was tested. */
export class Figures {
  histories = 0;
  actions = 0;
  runs = 0;
  steps = 0;
  crashes = 0;
  interruptions = 0;
  besides = 0;
  faults = 0;
  conflicts = 0;
  deletes = 0;
  disasters = 0;
  forgotten = 0;
  refusals = 0;

  toString(): string {
    return Object.entries(this)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  }
}

/** Something that must never happen did. */
class Violation extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Violation';
  }
}

/** What goes wrong, and whether the run goes on beside another one of its process. */
interface Circumstances extends Trouble {
  beside?: Steps;
}

/** An old copy of a directory, without its base. */
type Image = ReadonlyMap<string, string>;

/** Servers, editors, a bucket, a feed and the disasters that befall them, with a record of what editors wanted. */
export class SimulatedWorld {
  readonly #mode: Mode;
  readonly #history: History;
  readonly #figures: Figures;
  readonly #parent: string;
  readonly #instances: SimulatedInstance[];
  readonly #store: MemoryStore;
  readonly #feed = new MemoryFeed();
  readonly #intents = new Map(KEYS.map((key) => [key, new Intent()]));
  readonly #mediaRows = new Set<string>();
  readonly #log: string[] = [];
  /** Each key and content that was in the bucket after some action. */
  readonly #wasInBucket = new Set<string>();
  /** Each key and content that lost a conflict: its trash may be gone before the others have heard of it. */
  readonly #lostConflicts = new Set<string>();
  #image: Image | undefined;
  #contents = 0;
  /** Milliseconds since the epoch: two hours ago, so that files look as if they had been at rest. */
  #clock = Date.now() - 7_200_000;
  /** Time of the files of the last restored backup: each is older than all that editors, or earlier backups, wrote. */
  #oldest = this.#clock - 7_200_000;

  private constructor(mode: Mode, history: History, figures: Figures, parent: string) {
    this.#mode = mode;
    this.#history = history;
    this.#figures = figures;
    this.#parent = parent;
    this.#instances = Array.from({ length: history.instances }, () => new SimulatedInstance(parent));
    this.#store = new MemoryStore(history.conditions);
    for (const [key, content] of FOREIGN) this.#store.put(key, Buffer.from(content));
  }

  /**
   * Plays a history, lets everything come to rest, and looks at what is left.
   * @throws {Error} where content was lost, servers differ, or a guard let too much pass; with what happened.
   */
  static async play(mode: Mode, history: History, figures: Figures): Promise<void> {
    const parent = mkdtempSync(join(fastestFolder(), 's3-sync-world-'));
    const world = new SimulatedWorld(mode, history, figures, parent);
    try {
      await world.#play();
    } catch (error) {
      const message = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
      throw new Error(`${message}\n${world.#log.join('\n')}`, { cause: error });
    } finally {
      for (const instance of world.#instances) await instance.dispose();
      rmSync(parent, { recursive: true, force: true });
    }
  }

  async #play(): Promise<void> {
    this.#figures.histories += 1;
    if (this.#history.startsFull) await this.#startFull();
    for (const action of this.#history.actions) {
      this.#figures.actions += 1;
      await this.#act(action);
      this.#takeStock();
    }
    await this.#comeToRest();
    this.#requireEqualSides();
    await this.#requireNoMoreWork();
    this.#requireIntents();
  }

  /** Every file there can be, on every server, in step. */
  async #startFull(): Promise<void> {
    for (const key of KEYS) this.#write(this.#instance(0), key, this.#newContent('short'), this.#now(), false);
    for (const index of this.#instances.keys()) await this.#run(index, { kind: 'whole' }, { faults: [] });
    this.#takeStock();
    this.#image = this.#filesOf(this.#instance(0));
    for (const instance of this.#instances) instance.mediaEvents.clear();
    this.#log.splice(0, Infinity, 'all files everywhere');
  }

  async #act(action: Action): Promise<void> {
    switch (action.do) {
      case 'sync':
        await this.#sync(action.sync, action.trouble);
        return;
      case 'write':
      case 'write-again':
      case 'delete':
      case 'touch':
      case 'rename':
        this.#edit(action);
        return;
      default:
        await this.#strike(action);
    }
  }

  // ---- editors ----

  #edit(action: Quick): void {
    const index = action.instance % this.#instances.length;
    const instance = this.#instance(index);
    this.#changeAfterRestore(instance);
    const key = this.#keyFor(action, instance);
    const here = instance.read(key);
    const note = (what: string): void => {
      this.#note(`editor at ${index}: ${what}`);
    };
    switch (action.do) {
      case 'write': {
        const content = this.#newContent(action.size);
        note(`writes ${content} to ${key} (had ${here ?? 'nothing'}), clock ${action.skewMs / 3_600_000} h`);
        this.#write(instance, key, content, this.#now() + action.skewMs, action.inPlace);
        return;
      }
      case 'write-again': {
        // Somebody who has seen the deletion puts the same bytes there once more.
        const deleted = this.#intent(key).lastWritten;
        if (here !== undefined || deleted === undefined || this.#isLive(key, deleted)) return;
        note(`writes ${deleted} to ${key} again`);
        this.#write(instance, key, deleted, this.#now(), false);
        return;
      }
      case 'delete':
        this.#delete(index, instance, key);
        return;
      case 'touch':
        if (here === undefined) return;
        note(`touches ${key}`);
        instance.touch(key, this.#now() + action.skewMs);
        return;
      case 'rename': {
        const to = keyAt(action.to);
        if (here === undefined || isMedia(key) || isMedia(to) || key === to) return;
        note(`renames ${key} (${here}) to ${to}`);
        this.#intent(to).write(here, instance.read(to) ?? instance.lostFiles.get(to));
        this.#intent(key).remove(here);
        for (const one of [key, to]) if (!instance.knows(one)) this.#intent(one).free('a change without a base');
        instance.rename(key, to);
        for (const one of [key, to]) instance.noteChange(one);
        this.#changeAfterLoss(instance);
      }
    }
  }

  #delete(index: number, instance: SimulatedInstance, key: string): void {
    const here = instance.read(key);
    const intent = this.#intent(key);
    if (isMedia(key)) {
      if (!this.#mediaRows.delete(key)) return;
      instance.mediaEvents.add(key);
      // The Media Library is one for all servers, so whatever version there is may go with its entry.
      if (here === undefined || [...intent.heads].some((head) => head !== here)) {
        intent.release('the entry was deleted where its newest file was not');
      }
    } else if (here === undefined) return;
    this.#note(`editor at ${index}: deletes ${key} (${here ?? 'not here'})`);
    if (here === undefined) return;
    instance.remove(key);
    instance.noteChange(key);
    intent.remove(here);
    if (!instance.knows(key)) intent.free('a change without a base');
  }

  #keyFor({ do: what, key }: Quick, instance: SimulatedInstance): string {
    const present = what === 'write' || what === 'write-again' ? [] : [...this.#filesOf(instance).keys()];
    // An entry of the Media Library can be deleted wherever its file is.
    if (what === 'delete') present.push(...[...this.#mediaRows].filter((row) => !present.includes(row)));
    return present[key % present.length] ?? keyAt(key);
  }

  #write(instance: SimulatedInstance, key: string, content: string, mtimeMs: number, inPlace: boolean): void {
    // What was lost unnoticed is replaced like what is there.
    this.#intent(key).write(content, instance.read(key) ?? instance.lostFiles.get(key));
    instance.write(key, content, mtimeMs, inPlace);
    instance.noteChange(key);
    if (!instance.knows(key)) this.#intent(key).free('a change without a base');
    if (isMedia(key)) {
      this.#mediaRows.add(key);
      instance.mediaEvents.add(key);
    }
    this.#changeAfterLoss(instance);
  }

  /** After a write into a directory that lost its only known file nobody can tell that file from a deleted one. */
  #changeAfterLoss(instance: SimulatedInstance): void {
    if (instance.isLossNoticed) return;
    for (const key of instance.lostFiles.keys()) {
      if (isMedia(key) || instance.read(key) !== undefined) continue;
      this.#intent(key).release('an editor wrote into an emptied directory');
      instance.lostFiles.delete(key);
    }
  }

  // ---- disasters ----

  async #strike(action: Disaster): Promise<void> {
    const index = action.instance % this.#instances.length;
    const instance = this.#instance(index);
    switch (action.do) {
      case 'take-image':
        this.#image = this.#filesOf(instance);
        this.#note(`image of ${index}: ${[...this.#image].map((one) => one.join('=')).join(' ')}`);
        return;
      case 'lose-media-file': {
        const key = MEDIA_KEYS[action.key % MEDIA_KEYS.length] ?? '';
        const content = instance.read(key);
        if (content === undefined || !this.#mediaRows.has(key)) return;
        instance.lostFiles.set(key, content);
        this.#figures.disasters += 1;
        this.#note(`${index} loses ${key}`);
        instance.remove(key);
        break;
      }
      case 'lose-files':
        this.#figures.disasters += 1;
        this.#note(`${index} loses its files`);
        for (const [lost, content] of this.#filesOf(instance)) instance.lostFiles.set(lost, content);
        instance.knownLost = (await knownKeys(instance.stateDirectory)).filter((lost) => instance.lostFiles.has(lost));
        instance.loseFiles();
        break;
      case 'lose-base':
        this.#figures.disasters += 1;
        this.#note(`${index} loses its base`);
        await this.#loseState(instance);
        break;
      case 'lose-all':
        this.#figures.disasters += 1;
        this.#note(`${index} loses everything`);
        instance.loseFiles();
        await this.#loseState(instance);
        break;
      case 'boot-image':
        if (!this.#image) return;
        this.#figures.disasters += 1;
        this.#note(`${index} is booted from an old image`);
        instance.loseFiles();
        for (const [key, content] of this.#image) {
          instance.write(key, content, this.#now() - 600_000, false);
          // Of a file that was never synced nobody will hear that it was replaced or deleted elsewhere.
          if (!this.#wasInBucket.has(`${key} ${content}`)) this.#intent(key).free('an image had what was never synced');
        }
        await this.#loseState(instance);
        break;
      case 'restore-image':
        if (!this.#image) return;
        this.#figures.disasters += 1;
        this.#note(`an old image is restored over ${index}${action.isWhole ? ', which was emptied before' : ''}`);
        await this.#restoreImage(instance, this.#image, action.isWhole);
        break;
    }
    this.#writeOff();
  }

  /** A backup takes the place of the files, with times of its own, and the base stays. */
  async #restoreImage(instance: SimulatedInstance, image: Image, isWhole: boolean): Promise<void> {
    for (const key of instance.pending) this.#intent(key).free('a backup took the place of a change');
    const known = await knownKeys(instance.stateDirectory);
    if (isWhole) {
      for (const [lost, content] of this.#filesOf(instance))
        if (!image.has(lost)) instance.lostFiles.set(lost, content);
      instance.knownLost = known.filter((lost) => instance.lostFiles.has(lost));
      instance.loseFiles();
    }
    this.#oldest -= 1_000;
    const old: string[] = [];
    for (const [key, content] of image) {
      instance.write(key, content, this.#oldest, false);
      const intent = this.#intent(key);
      // Of a file that was never synced nobody will hear that it was replaced or deleted elsewhere.
      if (!this.#wasInBucket.has(`${key} ${content}`)) intent.free('a backup had what was never synced');
      if (intent.heads.has(content)) continue;
      old.push(key);
      if (!this.#isKnownAsOld(key, content)) intent.free('a backup had what nobody knew as old');
    }
    const present = known.filter((key) => instance.read(key) !== undefined);
    const replaced = known.filter((key) => image.has(key));
    instance.restored = { old };
    if (replaced.length < 2 || replaced.length * 2 <= present.length) this.#changeAfterRestore(instance);
  }

  /** Few files of a backup beside others are like the work of an editor. */
  #changeAfterRestore(instance: SimulatedInstance): void {
    if (!instance.restored) return;
    for (const key of instance.restored.old) this.#intent(key).free('a backup was not noticed');
    for (const key of instance.lostFiles.keys()) {
      if (!this.#mediaRows.has(key)) this.#intent(key).release('a backup lacked it, and was not noticed');
    }
    instance.restored = undefined;
  }

  async #loseState(instance: SimulatedInstance): Promise<void> {
    for (const key of instance.pending) this.#intent(key).free('the base was lost before a change was synced');
    instance.pending.clear();
    await instance.loseState();
    // Without a base MULTI mode fetches what is missing; in SINGLE mode that is left to a person still.
    if (this.#mode === 'MULTI') instance.lostFiles.clear();
    else if (this.#filesOf(instance).size > 0) this.#changeAfterLoss(instance);
    instance.feedCursor = this.#feed.rows.length;
    for (const key of KEYS) {
      const content = instance.read(key);
      if (content !== undefined && !this.#intent(key).heads.has(content) && !this.#isKnownAsOld(key, content)) {
        this.#intent(key).free('an old copy came back');
      }
    }
  }

  #isKnownAsOld(key: string, content: string): boolean {
    const md5 = md5Of(Buffer.from(content));
    return this.#feed.rows.some(
      (row) => row.key === key && (row.previousMd5 === md5 || (row.action === 'delete' && row.md5 === md5)),
    );
  }

  /** What a disaster took the last copy of cannot be asked for any more. */
  #writeOff(): void {
    for (const [key, intent] of this.#intents) {
      for (const content of [...intent.owed, ...intent.heads]) {
        if (!this.#isSomewhere(key, content)) intent.destroy(content);
      }
    }
  }

  // ---- syncs ----

  async #sync(what: Sync, trouble: Circumstances): Promise<void> {
    const index = what.instance % this.#instances.length;
    const instance = this.#instance(index);
    switch (what.do) {
      case 'whole':
      case 'local':
        await this.#run(index, { kind: what.do }, trouble);
        return;
      case 'media-events': {
        const keys = [...instance.mediaEvents];
        if (keys.length === 0) return;
        instance.mediaEvents = new Set();
        const deleted = keys.filter((key) => !this.#mediaRows.has(key));
        await this.#run(index, { kind: 'keys', keys, deleted }, trouble);
        return;
      }
      case 'deliver': {
        const position = this.#feed.rows.length;
        const rows = this.#feed.rows
          .slice(instance.feedCursor)
          .filter(({ directoryId }) => directoryId !== instance.id);
        if (rows.length === 0) return;
        const report = await this.#deliver(index, rows, trouble, position);
        if (report.status === 'done') instance.feedCursor = Math.max(instance.feedCursor, position);
        return;
      }
      case 'deliver-again': {
        // A few of the newest rows, whether they were read or not, in whatever order.
        const rows = this.#feed.rows
          .slice(-6)
          .filter(({ directoryId }, at) => (what.pick >> at) % 2 === 1 && directoryId !== instance.id);
        if (rows.length > 0) await this.#deliver(index, rows.reverse(), trouble, undefined);
      }
    }
  }

  #deliver(
    index: number,
    rows: MemoryFeed['rows'],
    trouble: Circumstances,
    feedPosition: number | undefined,
  ): Promise<SyncReport> {
    const keys = [...new Set(rows.map(({ key }) => key))];
    const byName = new Set(rows.filter((row) => row.byName).map(({ key }) => key));
    return this.#run(index, { kind: 'keys', keys, byName, heard: true, feedPosition }, trouble);
  }

  async #run(index: number, scope: SyncScope, trouble: Circumstances, confirm?: string): Promise<SyncReport> {
    const instance = this.#instance(index);
    const { crashAt, interrupt, beside } = trouble;
    let phase: SyncPhase = 'starting';
    let besides: Promise<void> = Promise.resolve();
    const own = interrupt && this.#besideOf(index, scope, interrupt);
    const newSteps = new Steps({
      crashAt,
      interrupt: interrupt && {
        at: interrupt.at,
        isOwn: own !== undefined,
        happen: async () => {
          if (own === undefined) {
            if (!interrupt.isHere) await this.#interrupt(index, interrupt.what);
          } else if (phase === 'syncing' || phase === 'deleting') {
            this.#figures.besides += 1;
            besides = this.#sync(own, { faults: [], beside: newSteps });
            // It may want the very key that is being worked at.
            await Promise.race([besides, new Promise((resolve) => setTimeout(resolve, BESIDE_MS))]);
          }
        },
      },
    });
    const steps = beside ?? newSteps;
    const bucket = new MemoryBucket(this.#store, trouble.faults);
    const before = this.#snapshotFor(instance);
    if (!beside) instance.changedSince.clear();
    const name = scope.kind === 'keys' ? `keys ${scope.keys.join(' ')}` : scope.kind;
    this.#note(`${index} syncs (${name})${beside ? ' beside the other run' : ''}`);
    const failures: string[] = [];
    const report = await steps.during(() =>
      sync({
        mode: this.#mode,
        directory: instance.root,
        stateDirectory: instance.stateDirectory,
        filter: FILTER,
        bucket,
        owner: { siteId: 'site', databaseHash: 'database' },
        maxDelete: this.#history.tight ? TIGHT_MAX_DELETE : DEFAULT_MAX_DELETE,
        concurrency: 1,
        settleMs: 0,
        scope,
        claimedRecently: true,
        referenced: async (keys) => new Set(keys.filter((key) => this.#mediaRows.has(key))),
        otherDirectory: async () => undefined,
        beside: beside !== undefined,
        onProgress: (progress) => {
          phase = progress.phase;
        },
        onFailure: ({ key, code }) => failures.push(`${key} ${code}`),
        ...(this.#mode === 'MULTI' ? { multi: { feed: new CountedFeed(this.#feed), trashDays: 7 } } : {}),
        ...(confirm === undefined ? {} : { confirm }),
      }),
    );
    await besides;
    this.#count(report, steps, bucket);
    if (beside) {
      this.#note(`${index} ended ${describe(report)} beside the other run`);
      return report;
    }
    if (steps.crashed) {
      await instance.stop();
      for (const [key, content] of this.#filesOf(instance)) {
        if (before.files.get(key) !== content && !instance.changedSince.has(key)) instance.unnoted.add(key);
      }
      this.#note(`${index} was killed before step ${crashAt ?? ''}`);
    } else {
      this.#note(`${index} ended ${describe(report)}${failures.length > 0 ? ` [${failures.join(', ')}]` : ''}`);
    }
    const isForgotten = wasForgotten(instance.stateDirectory);
    if (isForgotten) {
      this.#note(`${index} forgot its base`);
      this.#figures.forgotten += 1;
      instance.restored = undefined;
      instance.isBaseless = true;
      // What editors changed since the last run looked like a backup too, or came on top of one.
      for (const key of instance.pending) this.#intent(key).free('the base was forgotten before a change was synced');
    } else {
      this.#changeAfterRestore(instance);
    }
    if ((scope.kind === 'whole' || isForgotten) && report.status === 'done' && !steps.disturbed) {
      instance.isBaseless = false;
      instance.unnoted.clear();
    }
    this.#requireGuards(instance, scope, report, { ...before, disturbed: steps.disturbed, confirm });
    if (this.#mode === 'SINGLE' && scope.kind !== 'restore' && !steps.disturbed)
      this.#requireSingle(instance, scope, report, before.files);
    return report;
  }

  /** What is to happen meanwhile, where it is a run that one process lets go on beside the other one. */
  #besideOf(
    running: number,
    scope: SyncScope,
    { what, isHere = false }: NonNullable<Trouble['interrupt']>,
  ): Sync | undefined {
    if (what.do !== 'media-events' && what.do !== 'deliver' && what.do !== 'deliver-again') return undefined;
    if (scope.kind === 'keys' || (!isHere && what.instance % this.#instances.length !== running)) return undefined;
    return { ...what, instance: running };
  }

  async #interrupt(running: number, what: Quick | Sync): Promise<void> {
    switch (what.do) {
      case 'write':
      case 'write-again':
      case 'delete':
      case 'touch':
      case 'rename':
        this.#figures.interruptions += 1;
        this.#edit(what);
        return;
      default:
        // One process at a time syncs a directory, and one run at a time looks at more than single files.
        if (what.instance % this.#instances.length === running) return;
        this.#figures.interruptions += 1;
        await this.#sync(what, { faults: [] });
    }
  }

  #count(report: SyncReport, steps: Steps, bucket: MemoryBucket): void {
    const figures = this.#figures;
    figures.runs += 1;
    figures.steps += steps.count;
    figures.crashes += steps.crashed ? 1 : 0;
    figures.faults += bucket.faultsMet;
    figures.conflicts += report.conflicts;
    figures.deletes += report.deletedLocal + report.deletedRemote;
    figures.refusals += report.refused ? 1 : 0;
  }

  // ---- what must hold ----

  /** After each action: nothing is lost. */
  #takeStock(): void {
    for (const [key, intent] of this.#intents) {
      this.#wasInBucket.add(`${key} ${this.#inBucket(key) ?? ''}`);
      for (const content of intent.owed) {
        if (!this.#isSomewhere(key, content)) throw new Violation(`${content} of ${key} is nowhere any more.`);
      }
      for (const content of intent.heads) {
        if (this.#isTrashed(key, content, 'lost-conflict')) this.#lostConflicts.add(`${key} ${content}`);
        if (!this.#isLive(key, content) && this.#lostConflicts.has(`${key} ${content}`)) intent.lose(content);
      }
      for (const instance of this.#instances) {
        if (instance.read(key) === this.#inBucket(key)) instance.pending.delete(key);
        if (instance.read(key) !== undefined) instance.lostFiles.delete(key);
      }
    }
    for (const [key, content] of FOREIGN) {
      if (this.#inBucket(key) !== content) throw new Violation(`The foreign object ${key} was touched.`);
    }
  }

  #requireGuards(
    instance: SimulatedInstance,
    scope: SyncScope,
    report: SyncReport,
    run: { files: ReadonlyMap<string, string>; objects: number; disturbed: boolean; confirm: string | undefined },
  ): void {
    if (run.confirm !== undefined || scope.kind === 'keys') return;
    const { files } = this.#history.tight ? TIGHT_MAX_DELETE : DEFAULT_MAX_DELETE;
    for (const [side, count] of [
      ['remote', report.deletedRemote],
      ['local', report.deletedLocal],
    ] as const) {
      instance.inferredDeletes[side] += count;
      const done = instance.inferredDeletes[side];
      if (count > 0 && done > Math.max(files, Math.floor(((KEYS.length + done) * 25) / 100))) {
        throw new Violation(`${done} inferred deletes (${side}) are more than the guard allows.`);
      }
    }
    if (run.disturbed) return;
    if (run.files.size === 0 && report.deletedRemote > 0) throw new Violation('An empty directory deleted objects.');
    if (run.objects === 0 && report.deletedLocal > 0) throw new Violation('An empty bucket deleted files.');
  }

  #requireSingle(
    instance: SimulatedInstance,
    scope: SyncScope,
    report: SyncReport,
    before: ReadonlyMap<string, string>,
  ): void {
    const files = describeFiles(this.#filesOf(instance));
    if (files !== describeFiles(before)) throw new Violation('SINGLE mode changed local files.');
    if (report.status === 'done' && scope.kind === 'whole') this.#requireEqualSides();
  }

  /** Whole runs, without trouble, until nothing happens any more; refused deletes are decided as a person would. */
  async #comeToRest(): Promise<void> {
    this.#note('quiet');
    // As the queue does: files by name come before a look at everything.
    for (const instance of this.#instances.keys()) {
      await this.#sync({ do: 'media-events', instance }, { faults: [] });
      this.#takeStock();
    }
    for (let round = 0; round < ROUNDS; round++) {
      let isQuiet = true;
      for (const index of this.#instances.keys()) {
        const report = await this.#run(index, { kind: 'whole' }, { faults: [] });
        this.#takeStock();
        if (report.refused) await this.#decideRefusal(index, report);
        // A file that the Media Library names and that is lost here can only be brought back by a person, in SINGLE mode.
        else if (this.#mode === 'SINGLE' && report.withheld > 0) await this.#restore(index);
        if (!isIdle(report)) isQuiet = false;
      }
      if (isQuiet) return;
    }
    throw new Violation('It does not come to rest.');
  }

  async #decideRefusal(index: number, { refused }: SyncReport): Promise<void> {
    const instance = this.#instance(index);
    if (instance.lostFiles.size > 0) {
      await this.#restore(index);
    } else {
      const { guard } = refused ?? {};
      const isExpected = this.#history.tight || guard === 'bucket-emptied' || guard === 'directory-emptied';
      if (!isExpected) throw new Violation(`The guard ${guard ?? ''} asks a person, although nothing was lost.`);
      this.#note(`a person confirms the deletes of ${index}`);
      await this.#run(index, { kind: 'whole' }, { faults: [] }, refused?.digest);
    }
    this.#takeStock();
  }

  async #restore(index: number): Promise<void> {
    const instance = this.#instance(index);
    this.#note(`a person restores ${index} from the bucket`);
    for (const key of instance.pending) this.#intent(key).free('a person restored everything');
    instance.lostFiles.clear();
    await this.#run(index, { kind: 'restore' }, { faults: [] });
  }

  #requireEqualSides(): void {
    const bucket = describeFiles(
      new Map(
        KEYS.flatMap((key) => {
          const content = this.#inBucket(key);
          return content === undefined ? [] : [[key, content]];
        }),
      ),
    );
    for (const [index, instance] of this.#instances.entries()) {
      const files = describeFiles(this.#filesOf(instance));
      if (files !== bucket) throw new Violation(`${index} holds ${files}, but the bucket ${bucket}.`);
    }
  }

  async #requireNoMoreWork(): Promise<void> {
    for (const index of this.#instances.keys()) {
      const report = await this.#run(index, { kind: 'whole' }, { faults: [] });
      if (!isIdle(report)) throw new Violation('A further run has work to do.');
    }
  }

  #requireIntents(): void {
    for (const [key, { heads, freedBy }] of this.#intents) {
      const content = this.#inBucket(key);
      if (freedBy !== undefined) continue;
      if (heads.size === 0 && content !== undefined) throw new Violation(`${key} was deleted and is back: ${content}.`);
      if (heads.size > 0 && (content === undefined || !heads.has(content))) {
        throw new Violation(`${key} is ${content ?? 'gone'}, but should be ${[...heads].join(' or ')}.`);
      }
    }
  }

  // ---- looking ----

  #snapshotFor(instance: SimulatedInstance): { files: ReadonlyMap<string, string>; objects: number } {
    return {
      files: this.#filesOf(instance),
      objects: KEYS.filter((key) => this.#inBucket(key) !== undefined).length,
    };
  }

  #filesOf(instance: SimulatedInstance): ReadonlyMap<string, string> {
    return new Map(
      KEYS.flatMap((key) => {
        const content = instance.read(key);
        return content === undefined ? [] : [[key, content]];
      }),
    );
  }

  #inBucket(key: string): string | undefined {
    return this.#store.objects.get(key)?.body.toString();
  }

  #isLive(key: string, content: string): boolean {
    return this.#inBucket(key) === content || this.#instances.some((instance) => instance.read(key) === content);
  }

  #isSomewhere(key: string, content: string): boolean {
    return this.#isLive(key, content) || this.#isTrashed(key, content);
  }

  #isTrashed(key: string, content: string, why?: TrashReason): boolean {
    return this.#instances.some((instance) =>
      instance.trashed(key).some((item) => item.content === content && (why === undefined || item.why === why)),
    );
  }

  #instance(index: number): SimulatedInstance {
    const instance = this.#instances[index];
    if (!instance) throw new RangeError(`There is no instance ${index}.`);
    return instance;
  }

  #intent(key: string): Intent {
    const intent = this.#intents.get(key);
    if (!intent) throw new RangeError(`There is no key ${key}.`);
    return intent;
  }

  /** Never the same time twice. */
  #now(): number {
    this.#clock += 1_000;
    return this.#clock;
  }

  #newContent(size: 'short' | 'long'): string {
    this.#contents += 1;
    return `#${this.#contents}`.padEnd(size === 'short' ? 5 : 9, '.');
  }

  #note(line: string): void {
    this.#log.push(line);
  }
}

/** In memory where there is such a folder: each step waits for the disk otherwise. */
function fastestFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}

function keyAt(number: number): string {
  return KEYS[number % KEYS.length] ?? '';
}

function describeFiles(files: ReadonlyMap<string, string>): string {
  return `{${[...files].map(([key, content]) => `${key}: ${content}`).join(', ')}}`;
}

function describe(report: SyncReport): string {
  const { status, uploaded, downloaded, deletedRemote, deletedLocal, conflicts, failed, withheld } = report;
  const counts = Object.entries({ uploaded, downloaded, deletedRemote, deletedLocal, conflicts, failed, withheld })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  const why = report.refused?.guard ?? report.error?.message;
  return [status, ...(why === undefined ? [] : [why]), ...counts].join(', ');
}

/** Nothing was done, and nothing is left to do. */
function isIdle(report: SyncReport): boolean {
  const { status, uploaded, downloaded, deletedRemote, deletedLocal, conflicts, requests } = report;
  const moved = uploaded + downloaded + deletedRemote + deletedLocal + conflicts;
  return status === 'done' && moved === 0 && MemoryBucket.writes(requests) === 0;
}
