import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { describeMachine } from './describeMachine';

/** What a command of the bench found: to the terminal, and to the end of a file in Markdown. */
export class Report {
  private constructor(private readonly out: string | undefined) {}

  /**
   * Begins with the machine, the versions and the command.
   * @param out the file, where there is to be one; a new one begins with the machine.
   * @param command as it is written in package.json, without its arguments.
   */
  static async begin(out: string | undefined, command: string): Promise<Report> {
    const report = new Report(out);
    const isNew = out === undefined || !existsSync(out);
    if (isNew) await report.add(`# Measured\n\n${await describeMachine()}`);
    const args = process.argv.slice(2).filter((arg) => !arg.startsWith('--out'));
    const line = ['npm run', command, ...(args.length === 0 ? [] : ['--', ...args])].join(' ');
    const [load = NaN] = loadavg();
    const others = `Load of the machine at the start (other work beside this makes every figure longer): ${load.toFixed(1)}.`;
    await report.add(`\n## \`${line}\`\n\n${others}\n`);
    return report;
  }

  async add(text: string): Promise<void> {
    process.stdout.write(`${text}\n`);
    if (this.out !== undefined) await appendFile(this.out, `${text}\n`);
  }
}
