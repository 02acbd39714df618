import { rewriteEntity, type MediaSchema } from '../../../server/src/serve/rewriteEntity';

const schemas: MediaSchema[] = [
  { uid: 'plugin::upload.file', attributes: { related: { type: 'relation' }, formats: { type: 'json' } } },
  {
    uid: 'api::page.page',
    attributes: {
      title: { type: 'string' },
      cover: { type: 'media' },
      gallery: { type: 'media' },
      parent: { type: 'relation', target: 'api::page.page' },
      anything: { type: 'relation' },
      block: { type: 'component', component: 'shared.block' },
      blocks: { type: 'component', component: 'shared.block' },
      zone: { type: 'dynamiczone' },
      body: { type: 'blocks' },
      notes: { type: 'richtext' },
    },
  },
  { uid: 'shared.block', attributes: { picture: { type: 'media' }, text: { type: 'richtext' } } },
];

const schemaOf = (uid: string): MediaSchema | undefined => schemas.find((schema) => schema.uid === uid);

/** Rewrites a page, for a site where every file is public but those named "private". */
function rewrite(entity: unknown, uid = 'api::page.page'): unknown {
  const schema = schemaOf(uid);
  if (schema === undefined) throw new Error(`There is no ${uid}.`);
  const resolve = (url: string): string | undefined =>
    url.startsWith('/uploads/') && !url.includes('private') ? `https://cdn${url}` : undefined;
  rewriteEntity(entity, schema, { siteUrls: [], schemaOf, resolve });
  return entity;
}

const file = (name: string, more: object = {}) => ({ id: 1, url: `/uploads/${name}`, ...more });

describe('media in an entity', () => {
  test.each([
    ['one file', { cover: file('a.jpg') }, { cover: file('a.jpg', { url: 'https://cdn/uploads/a.jpg' }) }],
    [
      'formats',
      { cover: file('private', { formats: { small: file('s.jpg') } }) },
      { cover: file('private', { formats: { small: file('s.jpg', { url: 'https://cdn/uploads/s.jpg' }) } }) },
    ],
    [
      'several files',
      { gallery: [file('a'), file('private')] },
      { gallery: [{ id: 1, url: 'https://cdn/uploads/a' }, file('private')] },
    ],
    [
      'a relation of a relation',
      { parent: { parent: { cover: file('a') } } },
      { parent: { parent: { cover: { id: 1, url: 'https://cdn/uploads/a' } } } },
    ],
    [
      'a relation to anything',
      { anything: [{ __type: 'api::page.page', cover: file('a') }] },
      { anything: [{ __type: 'api::page.page', cover: { id: 1, url: 'https://cdn/uploads/a' } }] },
    ],
    ['a component', { block: { text: '![](/uploads/a)' } }, { block: { text: '![](https://cdn/uploads/a)' } }],
    [
      'components',
      { blocks: [{ picture: file('a') }] },
      { blocks: [{ picture: { id: 1, url: 'https://cdn/uploads/a' } }] },
    ],
    [
      'a dynamic zone with a gap',
      { zone: [null, { __component: 'shared.block', picture: file('a') }] },
      { zone: [null, { __component: 'shared.block', picture: { id: 1, url: 'https://cdn/uploads/a' } }] },
    ],
    [
      'blocks, with a link in a list',
      {
        body: [
          {
            type: 'list',
            children: [{ type: 'list-item', children: [{ type: 'link', url: '/uploads/a', children: [] }] }],
          },
        ],
      },
      {
        body: [
          {
            type: 'list',
            children: [{ type: 'list-item', children: [{ type: 'link', url: 'https://cdn/uploads/a', children: [] }] }],
          },
        ],
      },
    ],
    ['rich text', { notes: 'See /uploads/a' }, { notes: 'See https://cdn/uploads/a' }],
  ])('%s', (_name, entity, expected) => {
    expect(rewrite(entity)).toEqual(expected);
    // As where some URLs had to be asked for first.
    expect(rewrite(entity)).toEqual(expected);
  });

  test('what Strapi does not copy beforehand is not changed in place: formats and blocks', () => {
    const formats = { small: file('s.jpg') };
    const body = [{ type: 'image', image: file('a', { formats }), children: [] }];
    const before = structuredClone({ formats, body });
    const entity = { cover: file('a', { formats }), body };
    expect(JSON.stringify(rewrite(entity))).not.toContain('"/uploads/');
    expect({ formats, body }).toEqual(before);
  });

  test('the entity itself where it is a file', () => {
    expect(rewrite(file('a'), 'plugin::upload.file')).toEqual({ id: 1, url: 'https://cdn/uploads/a' });
  });

  test.each([
    ['a file of another provider', { cover: file('a', { provider: 'aws-s3' }) }],
    ['a text that is no rich text', { title: '/uploads/a' }],
    ['fields that are empty', { cover: null, gallery: [], zone: undefined, notes: null }],
    ['a part of a dynamic zone that says nothing of itself', { zone: [{ picture: file('a') }] }],
    ['nothing', null],
  ])('%s stays as it is', (_name, entity) => {
    const before = structuredClone(entity);
    expect(rewrite(entity)).toEqual(before);
  });
});
