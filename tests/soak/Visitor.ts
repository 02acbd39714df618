import type { StrapiProcess } from '../support/strapi';
import { isCutOff, md5Of, type KnownFile } from './Editor';

/** Longer than a server may wait for the store, on a busy machine too. */
const PATIENCE_MS = 60_000;

/** Someone who asks a server for files, whatever happens to it and to the store. */
export class Visitor {
  readonly counts = {
    /** A content that was written to that path. */
    right: 0,
    /** The beginning of a content, which a killed server had left on its disk. */
    cutOff: 0,
    /** 404 of a file whose deletion was asked for. */
    deleted: 0,
    /** 503: it is on its way. */
    notYet: 0,
    /** 404 that nobody may keep: the store was away. */
    storeAway: 0,
    /** The answer broke off, or none came. */
    broken: 0,
  };
  /** What no visitor may ever get, a line each. */
  readonly wrong: string[] = [];

  /** Asks for a file once. */
  async visit(app: Pick<StrapiProcess, 'url'>, server: string, file: KnownFile): Promise<void> {
    const begun = Date.now();
    const answer = await this.#ask(`${app.url}/${encodeURI(file.key)}`);
    if (answer === undefined) {
      this.counts.broken += 1;
      if (Date.now() - begun >= PATIENCE_MS) this.#note(file, server, `no answer within ${PATIENCE_MS / 1_000} s`);
      return;
    }
    const { status, cacheControl, body } = answer;
    if (status === 200) {
      const md5 = md5Of(body);
      if (file.written.includes(md5)) this.counts.right += 1;
      else if (isCutOff(file, body)) this.counts.cutOff += 1;
      else this.#note(file, server, `${body.length} bytes that nobody wrote there (MD5 ${md5})`);
    } else if (status === 503) {
      this.counts.notYet += 1;
    } else if (status === 404 && file.isDeleted) {
      this.counts.deleted += 1;
    } else if (status === 404 && cacheControl === 'no-store') {
      this.counts.storeAway += 1;
    } else {
      this.#note(file, server, `${status} ${body.toString().slice(0, 200)}`);
    }
  }

  /** `undefined` where the whole answer did not come. */
  async #ask(url: string): Promise<{ status: number; cacheControl: string | null; body: Buffer } | undefined> {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
      const body = Buffer.from(await answer.arrayBuffer());
      return { status: answer.status, cacheControl: answer.headers.get('cache-control'), body };
    } catch {
      return undefined;
    }
  }

  #note(file: KnownFile, server: string, what: string): void {
    this.wrong.push(
      `${new Date().toISOString().slice(11)} ${file.key} of ${server}: ${what} (${file.story.join(', ')})`,
    );
  }
}
