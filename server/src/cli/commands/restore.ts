import type { Command } from '../Command';
import { runSync } from '../runSync';

/** `s3-sync restore` */
export const restore: Command = {
  name: 'restore',
  summary: 'Bring back everything that is in the bucket and not here',
  usage: 'restore [--wait]',
  help: `Files that are here stay as they are, also where the bucket holds another version. The bucket is not changed.

Options:
  --wait   wait for a run that goes on, instead of ending with an error`,
  examples: ['s3-sync restore'],
  options: { wait: { type: 'boolean' } },
  words: { min: 0, max: 0 },

  run({ options }, context) {
    return runSync({ scope: 'restore', force: false, wait: options.wait === true }, context);
  },
};
