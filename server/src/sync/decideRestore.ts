import type { Decision, Sides } from './decide';

/**
 * Decides what a restore does about one key: what is in the bucket and not here comes back, whatever base says.
 * Everything else stays as it is.
 */
export function decideRestore({ local, remote }: Pick<Sides, 'local' | 'remote'>): Decision {
  if (!local && remote) return { action: 'download', row: 'R1', expect: 'as-listed' };
  return { action: 'none', row: 'R2', expect: 'anything' };
}
