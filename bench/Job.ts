import { z } from 'zod';

/** One sync that a contender has to do. The objects lie below `uploads/` in the bucket, the files below `uploads/` in the directory. */
export const job = z.object({
  directory: z.string(),
  bucket: z.string(),
  endpoint: z.string(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  /** `up`: the bucket becomes as the directory. `down`: what is not here is fetched. */
  direction: z.enum(['up', 'down']),
  /** The bare client takes part. */
  bare: z.boolean().optional(),
});

export type Job = z.infer<typeof job>;

/** What a script of ours measured about itself, from its first line of work to its last answer. */
export const measured = z.object({
  seconds: z.number(),
  /** User and system time. */
  cpuSeconds: z.number(),
  /** The largest resident size of the process, MiB. */
  peakMiB: z.number(),
  /** Its resident size before the work, MiB. */
  idleMiB: z.number(),
});

export type Measured = z.infer<typeof measured>;
