import { isContent } from '../../../server/src/triggers/content';

test.each([
  ['api::article.article', true],
  ['plugin::users-permissions.user', true],
  ['plugin::i18n.locale', true],
  ['plugin::upload.file', false],
  ['plugin::s3-sync.run', false],
  ['plugin::s3-sync.run-failure', false],
  ['admin::permission', false],
  ['strapi::core-store', false],
  ['shared.media', false],
])('%s is watched as content: %s', (uid, watched) => {
  expect(isContent(uid)).toBe(watched);
});
