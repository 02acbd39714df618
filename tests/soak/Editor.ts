import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StrapiProcess } from '../support/strapi';
import type { Random } from './Random';

const uploadAnswer = z.array(z.object({ id: z.number(), hash: z.string(), ext: z.string() })).length(1);

/** A file as its editor knows it. */
export interface KnownFile {
  id: number;
  key: string;
  /** MD5 of every content that may be there: more than one where an answer never came. */
  md5s: string[];
  /** MD5 of every content that was ever sent to that path: any of them may be served. */
  written: string[];
  /** Contents whose writing was never answered: where the server was killed meanwhile, Strapi leaves their beginning. */
  unanswered: Buffer[];
  /** Its deletion was asked for. */
  isDeleted: boolean;
  /** What was done with it, where and when. */
  story: string[];
}

/** Someone who uploads, replaces and deletes files of their own, on whatever server is up. */
export class Editor {
  readonly counts = { uploads: 0, replacements: 0, deletes: 0, articles: 0, unanswered: 0 };
  /** What must be everywhere in the end. */
  readonly files: KnownFile[] = [];
  /** Files whose deletion was answered. */
  readonly deleted: KnownFile[] = [];
  /** Files whose deletion was asked for and never answered. */
  readonly doubtful: KnownFile[] = [];
  #made = 0;

  constructor(
    private readonly name: string,
    private readonly random: Random,
  ) {}

  /** Does one thing. What fails because the server is killed meanwhile is noted as unanswered. */
  async act(app: StrapiProcess, server: string): Promise<void> {
    const file = this.files.length > 0 ? this.random.pick(this.files) : undefined;
    const chance = this.random.next();
    if (file === undefined || chance < 0.5) await this.#upload(app, server);
    else if (chance < 0.65) await this.#replace(app, server, file);
    else if (chance < 0.8) await this.#delete(app, server, file);
    else await this.#article(app);
  }

  async #upload(app: StrapiProcess, server: string): Promise<void> {
    const bytes = this.#content();
    const sent = await answered(app.admin.post('/upload').attach('files', bytes, `${this.name}-${this.#made}.txt`));
    if (sent?.status !== 201) {
      this.#unanswered(sent);
      return;
    }
    this.counts.uploads += 1;
    const [made] = uploadAnswer.parse(sent.body);
    if (made === undefined) return;
    const key = `uploads/${made.hash}${made.ext}`;
    const md5 = md5Of(bytes);
    this.files.push({
      id: made.id,
      key,
      md5s: [md5],
      written: [md5],
      unanswered: [],
      isDeleted: false,
      story: [told('uploaded', server)],
    });
  }

  async #replace(app: StrapiProcess, server: string, file: KnownFile): Promise<void> {
    const bytes = this.#content();
    file.written.push(md5Of(bytes));
    const sent = await answered(app.admin.post(`/upload?id=${file.id}`).attach('files', bytes, 'replaced.txt'));
    const isDone = sent !== undefined && sent.status < 300;
    file.story.push(told('replaced', server));
    file.md5s = isDone ? [md5Of(bytes)] : [...file.md5s, md5Of(bytes)];
    if (isDone) this.counts.replacements += 1;
    else {
      file.unanswered.push(bytes);
      this.#unanswered(sent);
    }
  }

  async #delete(app: StrapiProcess, server: string, file: KnownFile): Promise<void> {
    this.files.splice(this.files.indexOf(file), 1);
    file.isDeleted = true;
    file.story.push(told('deleted', server));
    const sent = await answered(app.admin.delete(`/upload/files/${file.id}`));
    if (sent?.status === 200) {
      this.counts.deletes += 1;
      this.deleted.push(file);
    } else {
      this.doubtful.push(file);
      this.#unanswered(sent);
    }
  }

  async #article(app: StrapiProcess): Promise<void> {
    const url = '/content-manager/collection-types/api::article.article';
    const sent = await answered(app.admin.post(url).send({ title: `${this.name} ${this.#made}` }));
    if (sent !== undefined && sent.status < 300) this.counts.articles += 1;
    else this.#unanswered(sent);
  }

  /** An error of the server itself is one that editors see: that must not be. */
  #unanswered(sent: { status: number; text: string } | undefined): void {
    if (sent !== undefined) throw new Error(`An editor was answered ${sent.status}: ${sent.text.slice(0, 500)}`);
    this.counts.unanswered += 1;
  }

  #content(): Buffer {
    this.#made += 1;
    const size = this.random.next() < 0.03 ? 9 * 1024 * 1024 : Math.floor(this.random.next() * 20_000);
    return Buffer.concat([Buffer.from(`${this.name} ${this.#made} `), Buffer.alloc(size, this.#made)]);
  }
}

/** Whether a killed server may have left this as the file: Strapi writes to the final name, and began to do so. */
export function isCutOff({ unanswered }: KnownFile, body: Buffer): boolean {
  return unanswered.some((content) => content.subarray(0, body.length).equals(body));
}

/** @returns the answer, or `undefined` where none came. */
async function answered(
  request: PromiseLike<{ status: number; body: unknown; text: string }>,
): Promise<{ status: number; body: unknown; text: string } | undefined> {
  try {
    return await request;
  } catch {
    return undefined;
  }
}

function told(what: string, server: string): string {
  return `${what} on ${server} at ${new Date().toISOString().slice(11)}`;
}

export function md5Of(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
