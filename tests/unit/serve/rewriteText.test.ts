import { rewriteText } from '../../../server/src/serve/rewriteText';

const SITES = ['https://site.example', 'https://old.example:8080/cms'];

/** Knows two files, whatever stands before their path. */
function resolve(url: string): string | undefined {
  const path = url.slice(url.indexOf('/uploads/'));
  return path === '/uploads/a.jpg' || path === '/uploads/b_c.pdf?x=1&y=2'
    ? `https://cdn.example${path.replace('?', '?q&')}`
    : undefined;
}

const CDN = 'https://cdn.example/uploads/a.jpg';

describe('media URLs in rich text', () => {
  test.each([
    ['a Markdown image', '![x](/uploads/a.jpg)', `![x](${CDN})`],
    ['a Markdown image with a title', '![x](/uploads/a.jpg "A title")', `![x](${CDN} "A title")`],
    ['a Markdown link in angle brackets', '[x](</uploads/a.jpg>)', `[x](<${CDN}>)`],
    ['a reference', '[x]: /uploads/a.jpg', `[x]: ${CDN}`],
    ['an absolute URL of the site', '![x](https://site.example/uploads/a.jpg)', `![x](${CDN})`],
    ['a site below a path', '<https://old.example:8080/cms/uploads/a.jpg>', `<${CDN}>`],
    ['a URL without its scheme', '<img src="//site.example/uploads/a.jpg">', `<img src="${CDN}">`],
    ['HTML in double quotes', '<img src="/uploads/a.jpg" alt="">', `<img src="${CDN}" alt="">`],
    ['HTML in single quotes', "<a href='/uploads/a.jpg'>", `<a href='${CDN}'>`],
    ['HTML without quotes', '<img src=/uploads/a.jpg>', `<img src=${CDN}>`],
    ['a srcset', '<img srcset="/uploads/a.jpg 1x,/uploads/a.jpg 2x">', `<img srcset="${CDN} 1x,${CDN} 2x">`],
    ['a style', '<p style="background:url(/uploads/a.jpg)">', `<p style="background:url(${CDN})">`],
    ['the end of a sentence', 'See /uploads/a.jpg.', `See ${CDN}.`],
    ['the start of a text', '/uploads/a.jpg', CDN],
    [
      'an ampersand in HTML',
      '<a href="/uploads/b_c.pdf?x=1&amp;y=2">',
      '<a href="https://cdn.example/uploads/b_c.pdf?q&x=1&y=2">',
    ],
  ])('%s', (_name, text, expected) => {
    expect(rewriteText(text, SITES, resolve)).toBe(expected);
  });

  test.each([
    ['a file that is not known', '![x](/uploads/other.jpg)'],
    ['another site', '![x](https://other.example/uploads/a.jpg)'],
    ['the same host with another scheme', '![x](http://site.example/uploads/a.jpg)'],
    ['a host that only begins alike', '![x](https://site.example.evil/uploads/a.jpg)'],
    ['a path of which it is the end', '![x](/blog/uploads/a.jpg)'],
    ['a text without media', 'Nothing here.'],
  ])('%s stays as it is', (_name, text) => {
    expect(rewriteText(text, SITES, resolve)).toBe(text);
  });

  test.each([
    ['dots', '.'],
    ['dots and letters', '.a'],
    ['other media', ' /uploads/x.jpg.'],
  ])('a text of a million characters is read in one go: %s', (_name, what) => {
    const text = `/uploads/${what.repeat(1_000_000 / what.length)}a`;
    const begun = performance.now();
    expect(rewriteText(text, SITES, () => undefined)).toBe(text);
    expect(performance.now() - begun).toBeLessThan(200);
  });
});
