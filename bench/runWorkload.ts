import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Store } from '../tests/support/stores';
import type { Contender } from './Contender';
import { CountingProxy } from './CountingProxy';
import type { Job, Measured } from './Job';
import { measureIdle, runContender, TooSlow } from './runContender';
import type { Stage, Workload } from './workloads';

/** What a contender needed, one value for each round. */
export interface Result {
  contender: string;
  rounds: Measured[];
  requests: number;
  /** Why it dropped out, if it did. */
  droppedOut?: string;
}

/**
 * Lets all contenders do a workload in turns. A first round, through a proxy that counts requests, warms up and is not
 * measured; then who begins changes with each round.
 */
export async function runWorkload(
  workload: Workload,
  contenders: readonly Contender[],
  store: Store,
  rounds: number,
): Promise<Result[]> {
  const [ours] = contenders;
  if (ours === undefined) throw new Error('Nobody takes part.');
  const directory = await mkdtemp(path.join(tmpdir(), 's3-sync-bench-'));
  const proxy = await CountingProxy.start(store.endpoint);
  let { endpoint } = proxy;
  let bucket = await store.createBucket();
  const { credentials } = store;
  const job = (direction = workload.direction): Job => ({
    directory,
    bucket,
    endpoint,
    credentials,
    direction,
    bare: workload.bare,
  });
  const none = await measureIdle(ours);
  const stage: Stage = {
    directory,
    newBucket: async () => {
      bucket = await store.createBucket();
    },
    syncUp: async () => {
      await runContender(ours, job('up'), none);
    },
  };
  const results: Result[] = [];
  const turn = async (contender: Contender) => runContender(contender, job(), await measureIdle(contender));
  const takePart = contenders.filter((contender) => contender.command(job()) !== undefined);
  try {
    await workload.prepare(stage);
    for (const contender of takePart) {
      await workload.beforeTurn?.(stage);
      proxy.take();
      const droppedOut = await tooSlow(() => turn(contender));
      results.push({ contender: contender.name, rounds: [], requests: proxy.take(), droppedOut });
    }
    endpoint = store.endpoint;
    // Base belongs to an endpoint: ours gets to know this one.
    if (workload.direction === 'up') await stage.syncUp();
    for (let round = 0; round < rounds; round += 1) {
      const begins = round % takePart.length;
      for (const contender of [...takePart.slice(begins), ...takePart.slice(0, begins)]) {
        await workload.beforeTurn?.(stage);
        const result = results.find(({ contender: name }) => name === contender.name);
        if (result === undefined || result.droppedOut !== undefined) continue;
        result.droppedOut = await tooSlow(async () => {
          const measured = await turn(contender);
          if (measured !== undefined) result.rounds.push(measured);
        });
      }
    }
    return results;
  } finally {
    proxy.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Does a turn. @returns why the contender drops out, if it does. */
async function tooSlow(turn: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await turn();
    return undefined;
  } catch (error) {
    if (error instanceof TooSlow) return error.message;
    throw error;
  }
}
