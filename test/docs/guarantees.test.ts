import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const promises = [...read('docs/guarantees.md').matchAll(/^\| (.+?) \| .+? \| (`test\/.+) \|$/gm)];
const shown = promises.flatMap(([, promise, tests]) =>
  [...tests!.matchAll(/`(test\/\S+)`: (.+?)(?=; `test|$)/g)].map(
    ([, file, title]) => [promise!, file!, title!] as const,
  ),
);

test('every row of the promises names a test', () => {
  const rows = read('docs/guarantees.md')
    .match(/\| promised \|[\s\S]*?\n\n/)![0]
    .trim()
    .split('\n');
  expect(promises).toHaveLength(rows.length - 2);
});

test.each(shown)('%s: %s has the test of it', (_, file, title) => {
  // The first quote is that of the test itself: a longer title is another test.
  expect(read(file)).toMatch(new RegExp(`['"\`]${title.replaceAll(/[^\w ]/g, '\\$&')}['"\`]`));
});
