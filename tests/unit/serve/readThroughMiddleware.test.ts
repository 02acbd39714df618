import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readThroughMiddleware, type ServedContext } from '../../../server/src/serve/readThroughMiddleware';
import type { Look } from '../../../server/src/serve/KnownFiles';
import type { Serving } from '../../../server/src/serve/Serving';
import { temporaryDirectories } from '../sync/support/temporaryDirectories';
import { makeServing } from './support/makeServing';

const temporaryDirectory = temporaryDirectories();

describe('files that are here', () => {
  let serving: Serving;

  beforeEach(async () => {
    serving = await makeServing(await temporaryDirectory());
    await writeFile(join(serving.directory, 'uploads/a.jpg'), 'an image');
  });

  /** @returns the headers of the answer, and how long it took in ms. */
  async function ask(learn: () => Promise<void>, look: () => Look): Promise<{ set: Map<string, string>; ms: number }> {
    const set = new Map<string, string>();
    const ctx: ServedContext = {
      method: 'GET',
      path: '/uploads/a.jpg',
      status: 404,
      body: undefined,
      length: undefined,
      type: '',
      req: { headers: {} },
      res: { destroy: () => undefined, headersSent: false },
      response: { get: () => '' },
      get: () => '',
      set: (name, value) => set.set(name, value),
      remove: (name) => set.delete(name),
    };
    const middleware = readThroughMiddleware({
      settings: { current: async () => serving },
      readThrough: {
        request: () => {
          throw new Error('It is not missing.');
        },
        tellLate: () => undefined,
      },
      known: { look, learn },
    });
    const begun = performance.now();
    await middleware(ctx, async () => {
      ctx.status = 200;
    });
    expect(ctx.status).toBe(200);
    return { set, ms: performance.now() - begun };
  }

  test('a file of which base knows the content gets an ETag', async () => {
    let look: Look = { kind: 'ask' };
    const learn = async (): Promise<void> => {
      look = { kind: 'known', md5: 'abc' };
    };
    const { set } = await ask(learn, () => look);
    expect(set.get('ETag')).toBe('"abc"');
  });

  test('while base or the database hangs, it is served as it is', async () => {
    const { set, ms } = await ask(
      () => new Promise(() => undefined),
      () => ({ kind: 'ask' }),
    );
    expect(set.has('ETag')).toBe(false);
    expect(ms).toBeLessThan(1_000);
  }, 5_000);
});
