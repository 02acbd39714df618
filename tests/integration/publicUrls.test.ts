import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import supertest from 'supertest';
import { z } from 'zod';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { makePng } from '../support/makePng';
import { syncNow } from '../support/runs';
import { startInProjectStore, type Store } from '../support/stores';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { waitUntil } from '../support/waitUntil';

const CDN = 'https://cdn.example/site';
const SITE = 'https://www.example';

const uploaded = z
  .array(
    z.looseObject({
      id: z.number(),
      url: z.string(),
      formats: z.record(z.string(), z.object({ url: z.string() })).nullable(),
    }),
  )
  .min(1);
type Media = z.output<typeof uploaded>[number];
const documentAnswer = z.object({ data: z.object({ documentId: z.string() }) });

/** A content type with every way to nest media that the playground's article lacks. */
function writeAlbum(appDir: string): void {
  const write = (file: string, content: string) => {
    mkdirSync(path.dirname(path.join(appDir, 'src', file)), { recursive: true });
    writeFileSync(path.join(appDir, 'src', file), content);
  };
  const factory = (kind: string) =>
    `module.exports = require('@strapi/strapi').factories.createCore${kind}('api::album.album');`;
  write('api/album/controllers/album.js', factory('Controller'));
  write('api/album/services/album.js', factory('Service'));
  write('api/album/routes/album.js', factory('Router'));
  write(
    'api/album/content-types/album/schema.json',
    JSON.stringify({
      kind: 'collectionType',
      collectionName: 'albums',
      info: { singularName: 'album', pluralName: 'albums', displayName: 'Album' },
      options: { draftAndPublish: true },
      attributes: {
        title: { type: 'string' },
        text: { type: 'text' },
        stacks: { type: 'component', component: 'shared.stack', repeatable: true },
        zone: { type: 'dynamiczone', components: ['shared.stack'] },
        lead: { type: 'relation', relation: 'oneToOne', target: 'api::article.article' },
        articles: { type: 'relation', relation: 'oneToMany', target: 'api::article.article' },
      },
    }),
  );
  write(
    'components/shared/stack.json',
    JSON.stringify({
      collectionName: 'components_shared_stacks',
      info: { displayName: 'Stack' },
      attributes: {
        pictures: { type: 'component', component: 'shared.picture', repeatable: true },
        words: { type: 'richtext' },
      },
    }),
  );
}

describe('public URLs in answers', () => {
  const parent = mkdtempSync(path.join(tmpdir(), 's3-sync-app-'));
  let store: Store & { server: S3Server };
  let bucket: SiteBucket;
  let app: StartedStrapi;
  let api: ReturnType<typeof supertest.agent>;

  beforeAll(async () => {
    writeAlbum(parent);
    store = await startInProjectStore();
    bucket = await SiteBucket.create(store);
    app = await startStrapi({
      appDir: parent,
      graphql: true,
      pluginConfig: bucket.config({
        ...NO_TIMERS,
        publicBaseUrl: `${CDN}/`,
        siteUrls: [SITE],
        exclude: ['**/.*', '**/.*/**', '**/*excluded*'],
      }),
    });
    const token = z
      .object({ accessKey: z.string() })
      .parse(
        await app.strapi
          .get<{ get(uid: string): { create(token: object): Promise<unknown> } }>('services')
          .get('admin::api-token')
          .create({ name: 'all', description: '', type: 'full-access', lifespan: null }),
      );
    api = supertest.agent(app.url);
    api.set('Authorization', `Bearer ${token.accessKey}`);
  });
  afterAll(async () => {
    await app.stop();
    await store.server.close();
    rmSync(parent, { recursive: true, force: true });
  });

  async function upload(bytes: Buffer, name: string): Promise<Media> {
    const answer = await app.admin.post('/upload').attach('files', bytes, name);
    const [media] = uploaded.parse(answer.body);
    if (media === undefined) throw new Error('Nothing was uploaded.');
    return media;
  }

  /** Uploads, and waits until the file is in the bucket and surely the same here. */
  async function uploadKnown(bytes: Buffer, name: string): Promise<Media> {
    const media = await upload(bytes, name);
    await waitUntilPublic(media);
    return media;
  }

  /** The URL of the file itself, which REST and GraphQL have to agree on. */
  async function urlNow({ id, url }: Media): Promise<string> {
    const answer = await api.get(`/api/upload/files/${id}`).expect(200);
    const rest = z.object({ url: z.string() }).parse(answer.body).url;
    const data = await graphql(`{ uploadFiles(filters: { url: { eq: "${url}" } }) { url } }`);
    expect(data).toEqual({ uploadFiles: [{ url: rest }] });
    return rest;
  }

  async function waitUntilPublic(media: Media): Promise<string> {
    return waitUntil(`${media.url} and its formats have public URLs`, async () => {
      const { body } = await api.get(`/api/upload/files/${media.id}`).expect(200);
      return urlsIn(body).every((url) => url.startsWith(CDN)) ? urlNow(media) : undefined;
    });
  }

  /** Every media URL in an answer, whatever it stands in. */
  function urlsIn(body: unknown): string[] {
    return JSON.stringify(body).match(/[^"(\s]*\/uploads\/[^"\\)\s]*/g) ?? [];
  }

  const graphql = async (query: string): Promise<unknown> => {
    const answer = await api.post('/graphql').send({ query });
    expect(answer.body).not.toHaveProperty('errors');
    return z.object({ data: z.unknown() }).parse(answer.body).data;
  };

  test('wherever a media stands in an answer, it has its public URL, in REST and in GraphQL, draft and published', async () => {
    const image = await uploadKnown(makePng(1_200, 600, 3), 'picture.png');
    const document = await uploadKnown(Buffer.from('a document'), 'document.pdf');
    expect(Object.keys(image.formats ?? {})).toHaveLength(4);
    const article = {
      title: 'An article',
      cover: image.id,
      gallery: [image.id, document.id],
      picture: { image: image.id, caption: '' },
      sections: [
        { __component: 'shared.picture', image: document.id, caption: '' },
        { __component: 'shared.quote', text: `Not rich text: ${document.url}` },
      ],
      notes: `![x](${SITE}${image.url}) and <a href="${document.url}">this</a>, not https://other.example${image.url}`,
      body: [
        { type: 'image', image: { ...image, url: `${SITE}${image.url}` }, children: [{ type: 'text', text: '' }] },
        {
          type: 'paragraph',
          children: [
            { type: 'link', url: document.url, children: [{ type: 'text', text: 'x' }] },
            { type: 'text', text: '' },
          ],
        },
      ],
    };
    const created = await api.post('/api/articles?status=published').send({ data: article });
    expect([created.status, created.body]).toEqual([201, expect.anything()]);
    const { documentId } = documentAnswer.parse(created.body).data;
    const stack = { words: `![x](${document.url})`, pictures: [{ image: image.id, caption: '' }] };
    const album = {
      title: 'An album',
      text: `Not rich text: ${document.url}`,
      stacks: [stack],
      zone: [{ __component: 'shared.stack', ...stack }],
      lead: documentId,
      articles: [documentId],
    };
    await api.post('/api/albums?status=published').send({ data: album }).expect(201);

    const rest = [
      `/api/articles?populate[cover]=true&populate[gallery]=true&populate[picture][populate]=*&populate[sections][on][shared.picture][populate]=*&populate[sections][on][shared.quote]=true`,
      `/api/articles/${documentId}?populate[cover][fields][0]=url&populate[gallery]=true`,
      `/api/albums?populate[stacks][populate][pictures][populate]=*&populate[zone][on][shared.stack][populate][pictures][populate]=*&populate[lead][populate][cover]=true&populate[articles][populate][gallery]=true`,
      '/api/upload/files',
      `/api/upload/files/${image.id}`,
    ];
    for (const status of ['published', 'draft']) {
      for (const query of rest) {
        const answer = await api.get(`${query}${query.includes('?') ? '&' : '?'}status=${status}`);
        expect([query, answer.status]).toEqual([query, 200]);
        expectAllPublic(urlsIn(answer.body), query.includes('upload') ? 0 : undefined);
      }
      expectAllPublic(urlsIn(await graphql(albumQuery(status.toUpperCase()))));
    }
    expectAllPublic(urlsIn(await graphql('{ uploadFiles { url formats } }')), 0);

    // The database and the administration have the local ones.
    const rows: unknown = await app.strapi.db.query('api::article.article').findMany({ populate: ['cover'] });
    expect(JSON.stringify(rows)).not.toContain(CDN);
    const listed = await app.admin.get('/content-manager/collection-types/api::article.article');
    expect(JSON.stringify(listed.body)).not.toContain(CDN);
    const files = await app.admin.get('/upload/files');
    expect(JSON.stringify(files.body)).not.toContain(CDN);
  });

  function albumQuery(status: string): string {
    return `{ albums(status: ${status}) {
      text
      stacks { words pictures { image { url formats } } }
      zone { ... on ComponentSharedStack { words pictures { image { url formats } } } }
      lead { cover { url formats } body notes picture { image { url } } sections { ... on ComponentSharedPicture { image { url } } } }
      articles { gallery(pagination: { limit: 10 }) { url formats previewUrl } gallery_connection { nodes { url } } }
    } }`;
  }

  /** All but those in plain text and of other sites; these stay as they are. */
  function expectAllPublic(urls: string[], least = 3): void {
    const others = urls.filter((url) => !url.startsWith(`${CDN}/uploads/`));
    expect(
      others.filter((url) => !url.startsWith('https://other.example/') && !url.startsWith('/uploads/document')),
    ).toEqual([]);
    expect(urls.length - others.length).toBeGreaterThan(least);
    for (const url of urls) if (url.startsWith(CDN)) expect(url).toMatch(/\?v=[0-9a-f]{10}$/);
  }

  test('a file that is not in the bucket, was changed here since, or is excluded keeps its local URL', async () => {
    store.server.fault({ kind: 'status', status: 403, match: { operation: 'PutObject', key: /refused/ } });
    const refused = await upload(Buffer.from('refused'), 'refused.txt');
    const excluded = await upload(Buffer.from('excluded'), 'excluded.txt');
    const changed = await uploadKnown(Buffer.from('first'), 'changed.txt');
    const before = await urlNow(changed);
    store.server.clearRequests();
    for (let round = 0; round < 5; round += 1) {
      expect(await urlNow(refused)).toBe(refused.url);
      expect(await urlNow(excluded)).toBe(excluded.url);
    }
    appendFileSync(path.join(app.publicDir, changed.url), ' and more');
    expect(await urlNow(changed)).toBe(changed.url);
    expect(store.server.requests().filter(({ operation }) => operation !== 'PutObject')).toEqual([]);
    store.server.clearFaults();
    await syncNow(app);
    // With the new content it has another address.
    const after = await waitUntilPublic(changed);
    expect(after).not.toBe(before);
    expect(after.split('?')[0]).toBe(before.split('?')[0]);
  });

  test('in one answer each format and each link in a text is judged by its own file, in REST and in GraphQL', async () => {
    const image = await uploadKnown(makePng(1_200, 600, 5), 'judged.png');
    const excluded = await upload(Buffer.from('excluded'), 'excluded-too.txt');
    const thumbnail = image.formats?.thumbnail?.url ?? '';
    appendFileSync(path.join(app.publicDir, thumbnail), 'changed');
    const text = `![x](${image.url}) ![y](${thumbnail}) [z](${excluded.url}) [none](/uploads/none.txt)`;
    const links = [thumbnail, excluded.url, image.url].map((url) => ({
      type: 'link',
      url,
      children: [{ type: 'text', text: 'x' }],
    }));
    const created = await api.post('/api/articles?status=published').send({
      data: {
        title: 'Judged',
        gallery: [image.id, excluded.id],
        notes: text,
        body: [{ type: 'paragraph', children: links }],
      },
    });
    expect([created.status, created.body]).toEqual([201, expect.anything()]);
    const { documentId } = documentAnswer.parse(created.body).data;
    const rest = await api.get(`/api/articles/${documentId}?populate[gallery]=true`).expect(200);
    const ofGraphql = await graphql(`{ article(documentId: "${documentId}") { gallery { url formats } notes body } }`);
    for (const answer of [rest.body, ofGraphql]) {
      const urls = new Set(urlsIn(answer));
      const local = [...urls].filter((url) => !url.startsWith(CDN));
      expect(local.toSorted()).toEqual([thumbnail, excluded.url, '/uploads/none.txt'].toSorted());
      // The file and its three other formats; links and texts name the same ones.
      expect(urls.size - local.length).toBe(4);
    }
  });

  test('what a controller hands to the sanitizer is not changed itself: it may keep it', async () => {
    const image = await uploadKnown(makePng(1_200, 600, 7), 'kept.png');
    const created = await api.post('/api/articles?status=published').send({
      data: {
        title: 'Kept',
        cover: image.id,
        gallery: [image.id],
        picture: { image: image.id, caption: '' },
        sections: [{ __component: 'shared.picture', image: image.id, caption: '' }],
        notes: `![x](${image.url})`,
        body: [{ type: 'image', image: { ...image }, children: [{ type: 'text', text: '' }] }],
      },
    });
    expect([created.status, created.body]).toEqual([201, expect.anything()]);
    const { documentId } = documentAnswer.parse(created.body).data;
    const article: unknown = await app.strapi.documents('api::article.article').findOne({
      documentId,
      populate: {
        cover: true,
        gallery: true,
        picture: { populate: '*' },
        sections: { on: { 'shared.picture': { populate: '*' } } },
      },
    });
    const before = structuredClone(article);
    const contentType = app.strapi.contentType('api::article.article');
    expectAllPublic(urlsIn(await app.strapi.contentAPI.sanitize.output(article, contentType)), 20);
    expect(article).toEqual(before);
  });

  test('a file of another provider keeps its URL', async () => {
    const media = await uploadKnown(Buffer.from('elsewhere'), 'elsewhere.txt');
    await app.strapi.db.query('plugin::upload.file').update({ where: { id: media.id }, data: { provider: 'another' } });
    expect(await urlNow(media)).toBe(media.url);
  });

  test('a deleted file is public no more, before the bucket knows', async () => {
    const media = await uploadKnown(Buffer.from('to be removed'), 'removed.txt');
    rmSync(path.join(app.publicDir, media.url));
    expect(await urlNow(media)).toBe(media.url);
  });
});
