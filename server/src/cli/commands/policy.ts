import { answers } from '../../commands/contract';
import type { Command } from '../Command';
import { EXIT } from '../exitCodes';

/** `s3-sync policy` */
export const policy: Command = {
  name: 'policy',
  summary: 'Print the IAM policy that a sync needs, and no more',
  usage: 'policy',
  help: 'Made for the bucket, the prefix and the object settings as they are now.',
  examples: ['s3-sync policy > policy.json'],
  words: { min: 0, max: 0 },

  async run(_typed, { session, output }) {
    const document = await session.call({ command: 'policy' }, answers.policy);
    output.answer(document, JSON.stringify(document, undefined, 2));
    return EXIT.done;
  },
};
