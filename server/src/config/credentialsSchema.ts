import { z } from 'zod';

/** Names of the settings that are secrets: accepted from `config/plugins` alone, never kept, never returned. */
export const credentialNames = ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const;

const secret = z.string('Must be text.').trim().min(1, 'Must not be empty.').max(4096, 'Is too long.').optional();

/** Static credentials, or none for the AWS default chain (environment, profile, role). */
export const credentialsSchema = z
  .object({ accessKeyId: secret, secretAccessKey: secret, sessionToken: secret })
  .superRefine((given, context) => {
    if (given.accessKeyId !== undefined && given.secretAccessKey === undefined) {
      context.addIssue({ code: 'custom', path: ['secretAccessKey'], message: 'Is missing beside accessKeyId.' });
    }
    if (given.secretAccessKey !== undefined && given.accessKeyId === undefined) {
      context.addIssue({ code: 'custom', path: ['accessKeyId'], message: 'Is missing beside secretAccessKey.' });
    }
    if (given.sessionToken !== undefined && given.accessKeyId === undefined) {
      context.addIssue({ code: 'custom', path: ['sessionToken'], message: 'Needs accessKeyId and secretAccessKey.' });
    }
  });

/** True for the name of a setting that is a secret. */
export function isCredentialName(name: string): boolean {
  return credentialNames.some((known) => known === name);
}
