import { isConsole } from '../../../server/src/triggers/start';

test.each([
  [['node', '/app/node_modules/.bin/strapi', 'console'], true],
  [['node', '/app/node_modules/@strapi/strapi/bin/strapi.js', 'console'], true],
  [['node', '/app/node_modules/.bin/strapi', 'start'], false],
  [['node', '/app/node_modules/.bin/strapi', 'develop'], false],
  [['node', '/app/server.js', 'console'], false],
  [['node', '/app/server.js'], false],
  [['node'], false],
])('%j is a console: %s', (argv, expected) => {
  expect(isConsole(argv)).toBe(expected);
});
