import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { servicesOf } from '../../server/src/services';
import { makePng } from '../support/makePng';
import { startPostgres, type PostgresServer } from '../support/postgres';
import { syncNow } from '../support/runs';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { pause } from '../support/waitUntil';

const UID = 'api::article.article';
const ARTICLES = `/content-manager/collection-types/${UID}`;
const documentAnswer = z.object({ data: z.object({ documentId: z.string() }) });
const filesAnswer = z.array(z.object({ id: z.number(), url: z.string() })).min(1);
const folderAnswer = z.object({ data: z.object({ id: z.number() }) });

/** All of what an article can hold: components, a dynamic zone, a localized field. */
const FULL = {
  title: 'Full',
  picture: { caption: 'A component' },
  sections: [
    { __component: 'shared.quote', text: 'A quote', author: 'Ada' },
    { __component: 'shared.picture', caption: 'In a dynamic zone' },
  ],
};

const NEW: Record<string, unknown> = { ...FULL, title: 'New' };

/** How often each kind of trigger was heard. */
interface Heard {
  content: number;
  media: number;
}

interface Row {
  operation: string;
  /** What has to be there before. Its own events do not count. */
  prepare?: (site: Site) => Promise<unknown>;
  act: (site: Site) => Promise<unknown>;
  heard: Partial<Heard>;
}

/** What the rows act upon. */
class Site {
  documentIds: string[] = [];
  fileIds: number[] = [];
  folderId = 0;

  constructor(readonly app: StartedStrapi) {}

  get documents() {
    return this.app.strapi.documents(UID);
  }

  get documentId(): string {
    return this.documentIds[0] ?? '';
  }

  get url(): string {
    return `${ARTICLES}/${this.documentId}`;
  }

  async createDrafts(count: number, data: object = { title: 'Draft' }): Promise<void> {
    this.documentIds = [];
    for (let index = 0; index < count; index += 1) {
      const created = await this.app.admin.post(ARTICLES).send(data).expect(201);
      this.documentIds.push(documentAnswer.parse(created.body).data.documentId);
    }
  }

  async createPublished(count: number, data: object = { title: 'Published' }): Promise<void> {
    await this.createDrafts(count, data);
    for (const documentId of this.documentIds) await this.documents.publish({ documentId });
  }

  async upload(count: number, folder?: number): Promise<void> {
    this.fileIds = [];
    for (let index = 0; index < count; index += 1) {
      const request = this.app.admin.post('/upload');
      if (folder !== undefined) request.field('fileInfo', JSON.stringify({ folder }));
      const answer = await request.attach('files', makePng(20, 20, index), `file-${index}.png`).expect(201);
      for (const { id } of filesAnswer.parse(answer.body)) this.fileIds.push(id);
    }
  }

  async makeFolder(): Promise<void> {
    const answer = await this.app.admin.post('/upload/folders').send({ name: `Folder ${Date.now()}` });
    this.folderId = folderAnswer.parse(answer.body).data.id;
  }

  heard(): Heard {
    const { content = 0, media = 0 } = servicesOf(this.app.strapi).activity.read().events;
    return { content, media };
  }
}

const query = (site: Site) => site.app.strapi.db.query(UID);
const bulk = (site: Site, action: string) =>
  site.app.admin.post(`${ARTICLES}/actions/${action}`).send({ documentIds: site.documentIds }).expect(200);

/** A web server with an image at every path. Strapi fetches nothing from 127.0.0.1, but 0.0.0.0 is this machine, too. */
async function withWebServer(act: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'image/png').end(makePng(20, 20, 5));
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await act(`http://0.0.0.0:${port}`);
  server.close();
}

const rows: Row[] = [
  {
    operation: 'upload of an image with four formats',
    act: ({ app }) =>
      app.admin
        .post('/upload')
        .attach('files', makePng(1_200, 600, 9), 'big.png')
        .expect(201),
    heard: { media: 1 },
  },
  {
    operation: 'upload of two files from their URLs',
    act: ({ app }) =>
      withWebServer(async (origin) => {
        const body = { urls: [`${origin}/one.png`, `${origin}/two.png`], folderId: null };
        const answer = await app.admin.post('/upload/actions/upload-from-urls').send(body).expect(200);
        expect(answer.text.match(/^event: file:complete$/gm)).toHaveLength(2);
      }),
    heard: { media: 2 },
  },
  {
    operation: 'update of a file’s texts',
    prepare: (site) => site.upload(1),
    act: ({ app, fileIds }) =>
      app.admin
        .post(`/upload?id=${fileIds[0] ?? 0}`)
        .field('fileInfo', JSON.stringify({ caption: 'New' }))
        .expect(200),
    heard: { media: 1 },
  },
  {
    operation: 'replacement of a file',
    prepare: (site) => site.upload(1),
    act: ({ app, fileIds }) =>
      app.admin
        .post(`/upload?id=${fileIds[0] ?? 0}`)
        .attach('files', makePng(30, 30, 77), 'new.png')
        .expect(200),
    heard: { media: 1 },
  },
  {
    operation: 'move of files to another folder of the Media Library: no file moves',
    prepare: async (site) => {
      await site.makeFolder();
      await site.upload(2);
    },
    act: ({ app, fileIds, folderId }) =>
      app.admin.post('/upload/actions/bulk-move').send({ fileIds, destinationFolderId: folderId }).expect(200),
    heard: {},
  },
  {
    operation: 'deletion of a folder with two files',
    prepare: async (site) => {
      await site.makeFolder();
      await site.upload(2, site.folderId);
    },
    act: ({ app, folderId }) =>
      app.admin
        .post('/upload/actions/bulk-delete')
        .send({ folderIds: [folderId] })
        .expect(200),
    heard: { media: 2, content: 1 },
  },
  {
    operation: 'deletion of three files in bulk',
    prepare: (site) => site.upload(3),
    act: ({ app, fileIds }) => app.admin.post('/upload/actions/bulk-delete').send({ fileIds }).expect(200),
    heard: { media: 3 },
  },
  {
    operation: 'deletion of rows of files below the Media Library',
    prepare: (site) => site.upload(3),
    act: ({ app, fileIds }) =>
      app.strapi.db.query('plugin::upload.file').deleteMany({ where: { id: { $in: fileIds } } }),
    heard: { media: 1 },
  },
  {
    operation: 'creation of a draft with components and a dynamic zone',
    act: ({ app }) => app.admin.post(ARTICLES).send(FULL).expect(201),
    heard: { content: 1 },
  },
  {
    operation: 'first publication of such a draft',
    prepare: (site) => site.createDrafts(1, FULL),
    act: ({ documents, documentId }) => documents.publish({ documentId }),
    heard: { content: 1 },
  },
  {
    operation: 'update and publication in one step',
    prepare: (site) => site.createPublished(1, FULL),
    act: ({ documents, documentId }) => documents.update({ documentId, data: NEW, status: 'published' }),
    heard: { content: 3 },
  },
  {
    operation: 'update of a draft',
    prepare: (site) => site.createDrafts(1, FULL),
    act: ({ app, url }) => app.admin.put(url).send({ title: 'New' }).expect(200),
    heard: { content: 1 },
  },
  {
    operation: 'a draft that is discarded',
    prepare: async (site) => {
      await site.createPublished(1, FULL);
      await site.app.admin.put(site.url).send({ title: 'New' }).expect(200);
    },
    act: ({ documents, documentId }) => documents.discardDraft({ documentId }),
    heard: { content: 2 },
  },
  {
    operation: 'end of a publication',
    prepare: (site) => site.createPublished(1, FULL),
    act: ({ documents, documentId }) => documents.unpublish({ documentId }),
    heard: { content: 1 },
  },
  {
    operation: 'deletion of a published document',
    prepare: (site) => site.createPublished(1, FULL),
    act: ({ documents, documentId }) => documents.delete({ documentId }),
    heard: { content: 2 },
  },
  {
    operation: 'a clone',
    prepare: (site) => site.createDrafts(1, FULL),
    act: ({ documents, documentId }) => documents.clone({ documentId, data: { title: 'Clone' } }),
    heard: { content: 1 },
  },
  {
    operation: 'a row below the Document Service',
    act: (site) => query(site).create({ data: { title: 'By query' } }),
    heard: { content: 1 },
  },
  {
    operation: 'many rows created in one statement',
    act: (site) => query(site).createMany({ data: [{ title: 'One' }, { title: 'Two' }] }),
    heard: { content: 1 },
  },
  {
    operation: 'many rows updated in one statement',
    prepare: (site) => site.createDrafts(3),
    act: (site) => query(site).updateMany({ where: { title: 'Draft' }, data: { title: 'Updated' } }),
    heard: { content: 1 },
  },
  {
    operation: 'many rows deleted in one statement',
    prepare: (site) => site.createDrafts(3),
    act: (site) => query(site).deleteMany({ where: { title: 'Draft' } }),
    heard: { content: 1 },
  },
  {
    operation: 'publication of three documents in one transaction',
    prepare: (site) => site.createDrafts(3),
    act: (site) => bulk(site, 'bulkPublish'),
    heard: { content: 3 },
  },
  {
    operation: 'end of three publications in one transaction',
    prepare: (site) => site.createPublished(3),
    act: (site) => bulk(site, 'bulkUnpublish'),
    heard: { content: 3 },
  },
  {
    operation: 'deletion of three documents in one transaction',
    prepare: (site) => site.createDrafts(3),
    act: (site) => bulk(site, 'bulkDelete'),
    heard: { content: 3 },
  },
  {
    operation: 'a locale: its permissions are no content',
    act: ({ app }) =>
      app.admin.post('/i18n/locales').send({ code: 'fr', name: 'French (fr)', isDefault: false }).expect(200),
    heard: { content: 1 },
  },
  {
    operation: 'a document in another locale',
    prepare: (site) => site.createDrafts(1),
    act: ({ app, url }) => app.admin.put(`${url}?locale=fr`).send({ title: 'Bonjour' }).expect(200),
    heard: { content: 1 },
  },
  {
    operation: 'an administrator',
    act: ({ app }) =>
      app.strapi.db.query('admin::user').create({ data: { email: `${Date.now()}@example.com`, firstname: 'Eve' } }),
    heard: {},
  },
  {
    operation: 'a value in Strapi’s store',
    act: ({ app }) => app.strapi.store({ type: 'plugin', name: 'other' }).set({ key: 'now', value: Date.now() }),
    heard: {},
  },
  {
    operation: 'an import, which works without lifecycles',
    act: async (site) => {
      site.app.strapi.db.lifecycles.disable();
      await query(site).create({ data: { title: 'Imported' } });
      site.app.strapi.db.lifecycles.enable();
    },
    heard: {},
  },
  {
    operation: 'the plugin’s own settings and runs',
    act: async ({ app }) => {
      await app.admin.put('/s3-sync/settings').send({ concurrency: 8 }).expect(200);
      await syncNow(app);
    },
    heard: {},
  },
];

let store: Store & { server: S3Server };
beforeAll(async () => {
  store = await startInProjectStore();
});
afterAll(() => store.server.close());

describe.each(['SQLite', 'PostgreSQL'] as const)('what asks for a sync, on %s [in-project]', (database) => {
  let postgres: PostgresServer | undefined;
  let site: Site;
  beforeAll(async () => {
    if (database === 'PostgreSQL') postgres = await startPostgres();
    const bucket = await SiteBucket.create(store);
    // What is asked for waits longer than this test lasts: runs would only disturb.
    const pluginConfig = bucket.config({ ...NO_TIMERS, syncOn: { coalesceSeconds: 300 } });
    const connection = postgres && { connection: postgres.connection };
    const app = await startStrapi({ pluginConfig, ...connection });
    // The run of the start waits, too.
    await syncNow(app);
    site = new Site(app);
  });
  afterAll(async () => {
    await site.app.stop();
    await postgres?.stop();
  });

  /** What is heard of while an act goes on, and shortly after it. */
  async function listenTo(act: () => Promise<unknown>): Promise<Heard> {
    const before = site.heard();
    await act();
    await pause(30);
    const { content, media } = site.heard();
    return { content: content - before.content, media: media - before.media };
  }

  test.each(rows)('$operation', async ({ prepare, act, heard }) => {
    await prepare?.(site);
    await pause(30);
    expect(await listenTo(() => act(site))).toEqual({ content: 0, media: 0, ...heard });
  });

  const changeMuch = async () => {
    await site.documents.create({ data: FULL });
    await query(site).create({ data: { title: 'In the transaction' } });
    await site.app.strapi.db.query('plugin::upload.file').create({
      data: { name: 'a', hash: 'never', ext: '.txt', mime: 'text/plain', size: 1, url: '/x', provider: 'local' },
    });
  };

  test('an outer transaction, as of a release: nothing before its commit, all of it after', async () => {
    const heard = await listenTo(() =>
      site.app.strapi.db.transaction(async () => {
        const inside = await listenTo(changeMuch);
        expect(inside).toEqual({ content: 0, media: 0 });
      }),
    );
    expect(heard).toEqual({ content: 2, media: 1 });
  });

  test('a transaction that is rolled back: nothing at all', async () => {
    const heard = await listenTo(async () => {
      const failing = site.app.strapi.db.transaction(async () => {
        await changeMuch();
        throw new Error('rolled back on purpose');
      });
      await expect(failing).rejects.toThrow('rolled back on purpose');
    });
    expect(heard).toEqual({ content: 0, media: 0 });
  });
});
