import { CommandError } from '../../../server/src/commands/CommandError';
import { findSetting, listItems, toChange, toItem, toValue } from '../../../server/src/commands/settingItems';
import { parseSettings, settingNames, type Settings } from '../../../server/src/config/settingsSchema';

function settingsOf(given: Record<string, unknown>): Settings {
  const parsed = parseSettings(given);
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors));
  return parsed.settings;
}

const defaults = settingsOf({});

describe('Names of settings on the command line', () => {
  test.each(settingNames)('%s is found in snake, kebab and camel case', (name) => {
    const snake = toItem(name);
    for (const typed of [name, snake, snake.replaceAll('_', '-'), snake.toUpperCase()]) {
      expect(findSetting(typed)).toEqual({ name });
    }
  });

  test('values inside a setting are named with a dot', () => {
    expect(findSetting('max_delete.files')).toEqual({ name: 'maxDelete', inside: 'files' });
    expect(findSetting('sync-on.coalesce-seconds')).toEqual({ name: 'syncOn', inside: 'coalesceSeconds' });
    expect(() => findSetting('max_delete.fils')).toThrow('There is no setting max_delete.fils.');
    expect(() => findSetting('include.0')).toThrow('There is no setting include.0.');
  });

  test.each(['accessKeyId', 'secret_access_key', 'SESSION-TOKEN'])('%s is a secret', (typed) => {
    expect(() => findSetting(typed)).toThrow('Keys are secret.');
  });

  test('an unknown name is answered with the one that was meant', () => {
    expect(() => findSetting('bucket')).toThrow(CommandError);
    expect(() => findSetting('buket_name')).toThrow('Did you mean bucket_name?');
  });
});

describe('Typed values', () => {
  test.each([
    ['bucketName', ['123'], '123'],
    ['mode', ['SINGLE'], 'SINGLE'],
    ['mode', ['single'], 'single'],
    ['concurrency', ['8'], 8],
    ['concurrency', ['99'], 99],
    ['concurrency', ['many'], 'many'],
    ['scanEvery', ['0'], 0],
    ['forcePathStyle', ['true'], true],
    ['forcePathStyle', ['yes'], 'yes'],
    ['cacheControl', ['public, max-age=60'], 'public, max-age=60'],
    ['cacheControl', ['60'], '60'],
    ['include', ['uploads/**', 'img/**'], ['uploads/**', 'img/**']],
    ['include', ['uploads/**, img/*.{jpg,png}'], ['uploads/**', 'img/*.{jpg,png}']],
    ['include', ['["a,b"]'], ['a,b']],
    ['maxDelete', ['{"files":3}'], { files: 3 }],
    ['reconcileCron', ['off'], null],
    ['reconcileCron', ['0 3 * * *'], '0 3 * * *'],
    ['reconcileCron', [''], ''],
    ['include', [''], ''],
  ] as const)('%s %j becomes %j', (name, words, expected) => {
    expect(toValue({ name }, words, defaults)).toEqual(expected);
  });

  test('a value inside a setting leaves the others as they are, an empty one goes back to its default', () => {
    const current = settingsOf({ maxDelete: { files: 3, percent: 50 } });
    const path = { name: 'maxDelete', inside: 'files' } as const;
    expect(toValue(path, ['7'], current)).toBe(7);
    expect(toChange(path, 7, current)).toEqual({ maxDelete: { files: 7, percent: 50, absolute: 1000 } });
    expect(toChange(path, '', current)).toEqual({ maxDelete: { percent: 50, absolute: 1000 } });
    const excluded = { name: 'syncOn', inside: 'excludedContentTypes' } as const;
    expect(toValue(excluded, ['api::a.a,api::b.b'], defaults)).toEqual(['api::a.a', 'api::b.b']);
  });
});

test('the listing tells where each value comes from; off is told from not set', () => {
  const items = listItems(settingsOf({ mode: 'MULTI', reconcileCron: null }), ['mode'], ['mode', 'reconcileCron']);
  const of = (name: string) => items.find(({ item }) => item === name);
  expect(of('mode')).toEqual({ item: 'mode', value: 'MULTI', source: 'config' });
  expect(of('reconcile_cron')).toEqual({ item: 'reconcile_cron', value: 'off', source: 'database' });
  expect(of('bucket_name')).toEqual({ item: 'bucket_name', value: null, source: 'default' });
});
