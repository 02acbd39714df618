import type { Command } from './Command';
import { commands } from './commands';
import { formatTable } from './format';

const COMMON = `  --json      answer with one JSON document on stdout; all else goes to stderr
  --verbose   say more
  --help      show help`;

/** The help of the whole command line. */
export function describeAll(): string {
  const rows = commands.map(({ name, aliases = [], summary }) => [`  ${[name, ...aliases].join(', ')}`, summary]);
  return `Keeps the public files of a Strapi project and an S3 bucket in step.

Usage: s3-sync <command> [options]

Commands:
${formatTable(rows)}

Options of every command:
${COMMON}
  --version   show the version

Run it in the folder of a Strapi project, or below it. While the project's server runs, the server does the work;
without one, the command loads Strapi itself.

Exit codes: 0 done, 1 error, 2 usage or settings, 3 a guard withheld deletes, 4 some files failed, 130 cancelled.

Examples:
  s3-sync init --bucket-name=my-bucket --aws-region=us-west-2 --mode=SINGLE
  s3-sync test
  s3-sync sync --dry-run
  s3-sync sync`;
}

/** The help of one command. */
export function describeCommand({ usage, summary, aliases = [], help, examples }: Command): string {
  const parts = [
    `${summary}.`,
    `Usage: s3-sync ${usage}`,
    ...(aliases.length === 0 ? [] : [`Also: s3-sync ${aliases.join(', s3-sync ')}`]),
    ...(help === '' ? [] : [help]),
    `Options of every command:\n${COMMON}`,
    `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}`,
  ];
  return parts.join('\n\n');
}
