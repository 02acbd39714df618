import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { makePng } from './makePng';
import type { Nginx } from './Nginx';
import type { StrapiProcess } from './strapi';

const uploadAnswer = z
  .array(
    z.object({
      url: z.string(),
      formats: z.record(z.string(), z.object({ url: z.string() })).nullish(),
    }),
  )
  .length(1);

/** How a request for a file ended. */
export interface Asked {
  url: string;
  status: number;
  /** All bytes came, and they are those that were uploaded. */
  isRight: boolean;
  /** The body ended before its announced end. */
  isCut: boolean;
}

/** Times that each upload is asked for at once. */
const TIMES = 10;

/** Uploads at a time. */
const AT_A_TIME = 2;

/** Every so many uploads is an image with formats. */
const IMAGE_EVERY = 10;

/**
 * Uploads files to the servers in turn, and asks for each ten times at once as soon as its upload is answered. Half of
 * the requests meet the server that does not have it.
 *
 * @param count how many uploads.
 * @returns one entry for each request.
 */
export async function askThroughNginx(nginx: Nginx, apps: readonly StrapiProcess[], count: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  const numbers = Array.from({ length: count }, (_, index) => index);
  const work = async (): Promise<void> => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      const app = apps[number % apps.length];
      if (app) asked.push(...(await uploadAndAsk(nginx, app, number)));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return asked;
}

async function uploadAndAsk(nginx: Nginx, app: StrapiProcess, number: number): Promise<Asked[]> {
  const isImage = number % IMAGE_EVERY === 0;
  const bytes = isImage ? makePng(600, 400, number) : randomBytes(1_000 + ((number * 7_919) % 300_000));
  const name = isImage ? `image-${number}.png` : `file-${number}.bin`;
  const answer = await app.admin.post('/upload').attach('files', bytes, name);
  const [file] = uploadAnswer.parse(answer.body);
  if (file === undefined) throw new Error('Nothing was uploaded.');
  // Strapi may have made an image smaller: what its server holds is what counts.
  const bytesOf = (url: string): Buffer => readFileSync(path.join(app.publicDir, url));
  const urls = [
    ...Array.from({ length: TIMES }, () => file.url),
    ...Object.values(file.formats ?? {}).map(({ url }) => url),
  ];
  return Promise.all(urls.map((url) => ask(nginx, url, bytesOf(url))));
}

async function ask({ url: site }: Nginx, url: string, expected: Buffer): Promise<Asked> {
  const answer = await fetch(site + url);
  try {
    const body = Buffer.from(await answer.arrayBuffer());
    return { url, status: answer.status, isRight: body.equals(expected), isCut: false };
  } catch {
    return { url, status: answer.status, isRight: false, isCut: true };
  }
}
