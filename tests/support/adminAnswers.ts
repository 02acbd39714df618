import { z } from 'zod';

/** The admin API's answers, as far as tests look at them. */
export const settingsAnswer = z.object({
  settings: z.looseObject({
    bucketName: z.string().optional(),
    awsRegion: z.string().optional(),
    mode: z.string().optional(),
    prefix: z.string(),
    include: z.array(z.string()),
  }),
  locked: z.array(z.string()),
  problems: z.array(z.object({ code: z.string(), setting: z.string().optional(), message: z.string() })),
  credentials: z.string(),
  version: z.string(),
});

export const runAnswer = z.object({
  id: z.number(),
  trigger: z.string(),
  startedBy: z.string().optional(),
  scope: z.string().optional(),
  host: z.string().optional(),
  pid: z.number().optional(),
  status: z.string(),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  uploaded: z.number(),
  deletedRemote: z.number(),
  failed: z.number(),
  withheld: z.number(),
  requests: z.record(z.string(), z.number()),
  events: z.number().optional(),
  quietRuns: z.number().optional(),
  refused: z.object({ guard: z.string(), message: z.string(), digest: z.string().optional() }).optional(),
  error: z.object({ code: z.string(), message: z.string(), fix: z.string() }).optional(),
});

export type Run = z.output<typeof runAnswer>;

export const runListAnswer = z.object({
  results: z.array(runAnswer),
  pagination: z.object({ page: z.number(), pageSize: z.number(), total: z.number() }),
});

export const runDetailAnswer = z.object({
  run: runAnswer,
  failures: z.array(z.object({ key: z.string(), code: z.string(), message: z.string(), fix: z.string() })),
  pagination: z.object({ page: z.number(), pageSize: z.number(), total: z.number() }),
});

export const startedAnswer = z.object({ run: runAnswer });

const planAnswer = z.object({
  id: z.string(),
  status: z.string(),
  startedBy: z.string().optional(),
  failed: z.number(),
  counts: z.record(z.string(), z.object({ files: z.number(), bytes: z.number() })),
  refused: z.object({ guard: z.string(), count: z.number(), digest: z.string().optional() }).optional(),
  error: z.object({ code: z.string() }).optional(),
});

export const startedPlanAnswer = z.object({ plan: planAnswer });

export const planListAnswer = z.object({ results: z.array(planAnswer) });

export const planDetailAnswer = z.object({
  plan: planAnswer,
  operations: z.array(
    z.object({ key: z.string(), action: z.string(), cause: z.string(), reason: z.string(), size: z.number() }),
  ),
  failures: z.array(z.object({ key: z.string(), code: z.string() })),
  pagination: z.object({ page: z.number(), pageSize: z.number(), total: z.number() }),
});

export type PlanDetail = z.output<typeof planDetailAnswer>;

export const statusAnswer = z.object({
  problems: z.array(z.object({ code: z.string(), message: z.string() })),
  previewing: z.object({ seen: z.number() }).optional(),
  running: runAnswer.optional(),
  lastRun: runAnswer.optional(),
});

/** An error in Strapi's form. */
export const errorAnswer = z.object({
  error: z.object({
    status: z.number(),
    name: z.string(),
    message: z.string(),
    details: z.looseObject({
      code: z.string().optional(),
      errors: z.array(z.object({ path: z.array(z.string()), message: z.string(), name: z.string() })).optional(),
    }),
  }),
});
