import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createIntl } from 'react-intl';
import ts from 'typescript';
import { registerTrads } from '../../../admin/src/registerTrads';
import { translations } from '../../../admin/src/translations/translations';
import { textsOf } from '../../support/textsOf';
import { explain, REASON_CODES } from '../../../server/src/config/explain';

const adminSource = path.resolve(__dirname, '../../../admin/src');
const languages = Object.keys(translations);
const others = languages.filter((language) => language !== 'en');

/** Names, and texts that are made of what is put into them. */
const SAME_EVERYWHERE = [
  'field.cacheControl',
  'page.title',
  'plugin.name',
  'problem.SETTINGS_INVALID',
  'progress.rate',
  'result.moment',
  'trash.note',
  'trigger.by',
];

/** Texts that are the same word in both languages. */
const SAME_IN: Record<string, readonly string[]> = {
  de: [...SAME_EVERYWHERE, 'field.awsRegion', 'region.il-central-1', 'test.step.region'],
  es: [...SAME_EVERYWHERE, 'errors.level.error', 'region.il-central-1'],
  fr: [
    ...SAME_EVERYWHERE,
    'field.mode',
    'history.mode',
    'pager.label',
    'region.eu-north-1',
    'region.eu-south-1',
    'region.eu-west-3',
  ],
};

/** Names between braces, without the plural forms' own words. */
function placeholdersOf(message: string): string[] {
  return [...new Set([...message.matchAll(/\{(\w+)(?=[,}])/g)].map(([, name]) => name ?? ''))].sort();
}

function sourceFiles(): ts.SourceFile[] {
  return readdirSync(adminSource, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const text = readFileSync(path.join(adminSource, name), 'utf8');
      return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TSX);
    });
}

function visitAll(visit: (node: ts.Node, file: ts.SourceFile) => void): void {
  for (const file of sourceFiles()) {
    const walk = (node: ts.Node) => {
      visit(node, file);
      ts.forEachChild(node, walk);
    };
    walk(file);
  }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

test('the folder holds a file for each language that is loaded, and no other', () => {
  const files = readdirSync(path.join(adminSource, 'translations')).filter((name) => name.endsWith('.json'));
  expect(files.sort()).toEqual(languages.map((language) => `${language}.json`).sort());
});

describe.each(others)('%s', (language) => {
  const english = textsOf('en');
  const messages = textsOf(language);

  test('has each text of the English file and no other', () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(english).sort());
  });

  test('uses the placeholders of the English texts', () => {
    const placeholders = (texts: Record<string, string>) =>
      Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, placeholdersOf(text)]));
    expect(placeholders(messages)).toEqual(placeholders(english));
  });

  test('leaves no text in English', () => {
    const same = Object.keys(english).filter((key) => messages[key] === english[key]);
    expect(same.sort()).toEqual([...(SAME_IN[language] ?? [])].sort());
  });
});

test.each(languages)('every text of %s can be formatted', (language) => {
  const messages = textsOf(language);
  const errors: string[] = [];
  const onError = (error: Error) => {
    errors.push(error.message);
  };
  const intl = createIntl({ locale: language, messages, onError });
  for (const [key, text] of Object.entries(messages)) {
    const values = Object.fromEntries(placeholdersOf(text).map((name) => [name, name === 'count' ? 2 : 'x']));
    expect(intl.formatMessage({ id: key }, values)).not.toBe('');
  }
  expect(errors).toEqual([]);
});

test('every reason for which the server refuses a setting has a text, in English the same one', () => {
  const english = textsOf('en');
  const codes = Object.keys(english).flatMap((key) => /^invalid\.(.+)$/.exec(key)?.[1] ?? []);
  expect(codes.sort()).toEqual([...REASON_CODES].sort());
  const intl = createIntl({ locale: 'en', messages: english });
  for (const code of REASON_CODES) {
    const id = `invalid.${code}`;
    const values = Object.fromEntries(placeholdersOf(english[id] ?? '').map((name) => [name, `<${name}>`]));
    expect(intl.formatMessage({ id }, values)).toBe(explain(code, values).message);
  }
});

test('no text is unused', () => {
  const literals = new Set<string>();
  const patterns: RegExp[] = [];
  visitAll((node) => {
    if (ts.isStringLiteralLike(node)) literals.add(node.text);
    if (ts.isTemplateExpression(node) && node.head.text !== '') {
      const spans = node.templateSpans.map((span) => `[^.]+${escaped(span.literal.text)}`);
      patterns.push(new RegExp(`^${escaped(node.head.text)}${spans.join('')}$`));
    }
  });
  const unused = Object.keys(textsOf('en')).filter(
    (key) => !literals.has(key) && !literals.has(`s3-sync.${key}`) && !patterns.some((pattern) => pattern.test(key)),
  );
  // Named by the settings link, which is no part of a component.
  expect(unused).toEqual(['plugin.name']);
});

test('no text that people see is written into the code', () => {
  const visibleProps =
    /^(title|label|placeholder|alt|content|hint|description|subtitle|closeLabel|aria-label|aria-valuetext)$/;
  const found: string[] = [];
  visitAll((node, file) => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) found.push(`${file.fileName}: ${node.text.trim()}`);
    if (ts.isJsxAttribute(node) && visibleProps.test(node.name.getText())) {
      const value = node.initializer;
      const literal = value && ts.isJsxExpression(value) ? value.expression : value;
      if (literal && ts.isStringLiteralLike(literal) && /\p{L}/u.test(literal.text)) {
        found.push(`${file.fileName}: ${literal.text}`);
      }
    }
  });
  expect(found).toEqual([]);
});

test('Strapi gets every text with the prefix of the plugin, and none for a language that is missing', async () => {
  const [french, japanese] = await registerTrads({ locales: ['fr', 'ja'] });
  expect(japanese).toEqual({ locale: 'ja', data: {} });
  const expected = Object.entries(textsOf('fr')).map(([key, text]) => [`s3-sync.${key}`, text]);
  expect(french).toEqual({ locale: 'fr', data: Object.fromEntries(expected) });
});
