import { z } from 'zod';
import type { Feed } from '../../../server/src/sync/Feed';
import type { EngineWish, RunResult } from '../runEngine';

/** An object whose form is known: the same version of these files made it. */
const written = <Form>() => z.custom<Form>((value) => typeof value === 'object' && value !== null);

/** What the parent tells the process that runs the engine. */
export const toEngine = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('sync'),
    wish: written<EngineWish>(),
    mode: z.enum(['SINGLE', 'MULTI']),
    concurrency: z.number(),
    /** The process is killed right before its n-th call, from 1. */
    killAt: z.number().optional(),
    /** The process is killed right before the first call after one that sends this. */
    killAfterSending: z.string().optional(),
  }),
  z.object({ kind: z.literal('answer'), id: z.number(), value: z.unknown() }),
]);
export type ToEngine = z.output<typeof toEngine>;

/** A question to the feed, which the parent keeps. */
export type FeedQuestion =
  | { method: 'append'; args: Parameters<Feed['append']> }
  | { method: 'past'; args: Parameters<Feed['past']> }
  | { method: 'position'; args: Parameters<Feed['position']> };

/** What that process tells its parent. */
export const fromEngine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('feed'), id: z.number(), question: written<FeedQuestion>() }),
  z.object({ kind: z.literal('result'), result: written<RunResult>(), calls: z.number() }),
]);
export type FromEngine = z.output<typeof fromEngine>;
