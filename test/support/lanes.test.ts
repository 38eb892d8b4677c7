import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { inLanes, LONG } from './lanes.ts';

test('one of three workers has short files, the others the long ones, and nothing is left out', () => {
  const seconds: Record<string, number> = { A: 40, B: 30, C: 20, D: 10 };
  const short = Array.from({ length: 20 }, (_, n) => `s${n}`);
  const order = inLanes(['A', 'B', 'C', 'D'], short, 3, (file) => seconds[file] ?? 4);
  expect([...order].sort()).toEqual(['A', 'B', 'C', 'D', ...short].sort());
  expect(order.filter((file) => seconds[file])).toEqual(['A', 'B', 'C', 'D']);
  expect(order.slice(0, 3)).toEqual(['A', 'B', 's0']);
  // B has ended at 30 s: before that its worker and A's take nothing else.
  expect(order.indexOf('C')).toBe(10);
  expect(inLanes(['A'], ['s0'], 1, () => 1).sort()).toEqual(['A', 's0']);
});

test('the long files that are named are there', () => {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(Object.keys(LONG).filter((name) => !files.includes(`${name}.test.ts`))).toEqual([]);
});
