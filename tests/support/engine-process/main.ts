import { z } from 'zod';
import type { Feed } from '../../../server/src/sync/Feed';
import { sync } from '../../../server/src/sync/sync';
import { runEngine } from '../runEngine';
import { toEngine, type FeedQuestion, type FromEngine } from './messages';

declare global {
  /** Of `calls.cjs`, where it was loaded. */
  var engineCalls: { count: number } | undefined;
}

/** Runs the engine in a process of its own, which may be killed or belong to another user. */
const waiting = new Map<number, (value: unknown) => void>();
let asked = 0;

function send(message: FromEngine): void {
  process.send?.(message);
}

async function ask<Value>(question: FeedQuestion, form: z.ZodType<Value>): Promise<Value> {
  asked += 1;
  const id = asked;
  const answer = new Promise<unknown>((resolve) => {
    waiting.set(id, resolve);
  });
  send({ kind: 'feed', id, question });
  return form.parse(await answer);
}

const pastForm = z.object({ deletedMd5: z.string().optional(), supersededMd5s: z.set(z.string()) });

const feed: Feed = {
  append: (...args) => ask({ method: 'append', args }, z.undefined()),
  past: (...args) => ask({ method: 'past', args }, pastForm),
  position: (...args) => ask({ method: 'position', args }, z.number()),
};

// Only now: the sources may lie where that user cannot read them.
const uid = Number(process.env.ENGINE_UID ?? '0');
if (uid > 0) {
  process.setgroups?.([]);
  process.setgid?.(uid);
  process.setuid?.(uid);
}

process.on('disconnect', () => process.exit());
process.on('message', (received) => {
  const message = toEngine.parse(received);
  if (message.kind === 'answer') {
    waiting.get(message.id)?.(message.value);
    waiting.delete(message.id);
    return;
  }
  const { wish, mode, concurrency } = message;
  const multi = mode === 'MULTI' ? { multi: { feed, trashDays: 7 } } : {};
  void runEngine(sync, wish, { mode, concurrency, ...multi }).then((result) => {
    send({ kind: 'result', result, calls: globalThis.engineCalls?.count ?? 0 });
  });
});
send({ kind: 'ready' });
