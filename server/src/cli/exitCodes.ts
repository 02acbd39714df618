import type { RunAnswer } from '../routes/contract';

/** How the command line ends. */
export const EXIT = { done: 0, error: 1, usage: 2, refused: 3, partial: 4, cancelled: 130 } as const;

/** Errors that a person repairs by other words on the command line, or by other settings. */
const USAGE = new Set([
  'USAGE',
  'NO_PROJECT',
  'UNKNOWN_SETTING',
  'SECRET',
  'SETTINGS_INVALID',
  'BUCKET_MISSING',
  'REGION_MISSING',
  'MODE_MISSING',
  'PROVIDER_NOT_LOCAL',
  'DIRECTORY_MISSING',
]);

/** The exit code for a command that was not carried out. */
export function exitCodeOfError(code: string): number {
  if (code === 'CANCELLED') return EXIT.cancelled;
  return USAGE.has(code) ? EXIT.usage : EXIT.error;
}

/** The exit code for a run that has ended. */
export function exitCodeOfStatus(status: RunAnswer['status']): number {
  switch (status) {
    case 'done':
      return EXIT.done;
    case 'refused':
      return EXIT.refused;
    case 'partial':
      return EXIT.partial;
    case 'cancelled':
      return EXIT.cancelled;
    case 'failed':
    case 'interrupted':
    case 'running':
      return EXIT.error;
  }
}
