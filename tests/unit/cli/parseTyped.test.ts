import { findCommand, parseCommon, parseTyped, splitTyped } from '../../../server/src/cli/parseTyped';

const parse = (name: string, ...args: string[]) => parseTyped(findCommand(name), args);

describe('What is typed', () => {
  test.each([
    ['ss-init', 'init'],
    ['ss-get', 'get'],
    ['ss-set', 'set'],
    ['ss-sync', 'sync'],
  ])('%s is %s', (alias, name) => {
    expect(findCommand(alias).name).toBe(name);
  });

  test('options take their value after a space or an equals sign', () => {
    expect(parse('init', '--bucket-name=a', '--mode', 'SINGLE').options).toMatchObject({
      'bucket-name': 'a',
      mode: 'SINGLE',
    });
    expect(parse('sync', '--json', '--dry-run').options).toMatchObject({ json: true, 'dry-run': true });
  });

  test.each([
    [['--json', 'sync', '--wait'], 'sync', ['--json', '--wait']],
    [['sync', '--json'], 'sync', ['--json']],
    [['--limit', '5', '--json', 'runs', '12'], 'runs', ['--limit', '5', '--json', '12']],
    [['--mode=SINGLE', 'init'], 'init', ['--mode=SINGLE']],
    [['--json'], undefined, ['--json']],
    [[], undefined, []],
  ])('of %j the command is %s, and options may stand before it', (args, name, rest) => {
    expect(splitTyped(args)).toEqual({ name, rest });
  });

  test('an option that nothing has is refused without a command, too', () => {
    expect(parseCommon(['--json', '-h']).options).toMatchObject({ json: true, help: true });
    expect(() => parseCommon(['--josn'])).toThrow('There is no option --josn. Did you mean --json?');
  });

  test.each([
    [['snyc'], 'There is no command snyc. Did you mean sync?'],
    [['frobnicate'], 'There is no command frobnicate.'],
    [['sync', '--waite'], 'There is no option --waite. Did you mean --wait?'],
    [['sync', '--wait=yes'], 'The option --wait is not right here.'],
    [['init', '--mode'], 'The option --mode is not right here.'],
    [['get'], 'Something is missing. Usage: s3-sync get <item|all>'],
    [['get', 'a', 'b'], 'There are too many words. Usage: s3-sync get <item|all>'],
  ])('%j is answered with: %s', ([name = '', ...args], message) => {
    expect(() => parse(name, ...args)).toThrow(message);
  });
});
