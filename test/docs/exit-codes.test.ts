import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXIT_CODES } from '../../commands/exit-codes.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const rows = [
  ...read('docs/exit-codes.md').matchAll(/^\| (\d+) \| (\S+) \|.*\| `(test\/\S+)`: (.+) \|$/gm),
].map(([, code, name, file, title]) => ({ code: Number(code), name, file: file!, title: title! }));

test('every exit code stands in docs/exit-codes.md, by its name and in order', () => {
  const named = rows.map(({ code, name }) => `${code} ${name}`);
  expect([...new Set(named)]).toEqual(EXIT_CODES.map(({ code, name }) => `${code} ${name}`));
  expect(named).toHaveLength(read('docs/exit-codes.md').match(/^\| \d+ \|/gm)!.length);
});

test.each(rows)('$code $name: its test is there', ({ code, file, title }) => {
  const source = read(file);
  const at = source.indexOf(`test('${title}'`);
  expect(at, `${file} has no test of that title`).toBeGreaterThan(-1);
  const [body] = source.slice(at + 1).split(/\n *test\(/);
  expect(body, 'it expects the code').toMatch(new RegExp(`(?:code: |[[(]|, )${code}\\b`));
});
