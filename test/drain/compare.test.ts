import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareIds, differs } from '../../src/drain/compare.ts';
import { findDoubles } from '../../src/drain/doubles.ts';
import { compareIds as compareEntryIds } from '../../src/drain/totals.ts';

async function* pagesOf(ids: string[], size: number): AsyncGenerator<string[]> {
  for (let at = 0; at < ids.length; at += size) yield ids.slice(at, at + size);
}

const ids = fc.array(fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', 'c', 'd') }), {
  maxLength: 60,
});

test('what differs between two sides is what a plain look says, in however many passes', async () => {
  await fc.assert(
    fc.asyncProperty(ids, ids, fc.constantFrom(1, 300_001, 3_000_000), async (found, expected, about) => {
      const wanted = [...new Set(expected)];
      const result = await compareIds(
        () => pagesOf(found, 7),
        () => pagesOf(wanted, 5),
        about,
      );
      const inTarget = new Set(found);
      expect(new Set(result.missing)).toEqual(new Set(wanted.filter((id) => !inTarget.has(id))));
      expect(new Set(result.unexpected)).toEqual(new Set([...inTarget].filter((id) => !wanted.includes(id))));
      expect(new Set(result.doubled)).toEqual(new Set(found.filter((id, i) => found.indexOf(id) !== i)));
      expect(result.missing).toHaveLength(result.missingCount);
      expect(differs(result)).toBe(
        found.length !== inTarget.size ||
          wanted.length !== inTarget.size ||
          wanted.some((id) => !inTarget.has(id)),
      );
    }),
  );
});

test('ids that stand there more than once are found, each once, in however many passes', async () => {
  await fc.assert(
    fc.asyncProperty(ids, fc.constantFrom(1, 5, 1000), fc.nat(100), async (found, aPass, about) => {
      const doubled: string[] = [];
      await findDoubles(
        () => pagesOf(found, 7),
        about,
        (id) => doubled.push(id),
        aPass,
      );
      const wanted = found.filter((id, at) => found.indexOf(id) !== at);
      expect(doubled.sort()).toEqual([...new Set(wanted)].sort());
    }),
  );
});

test('one double among a hundred thousand ids is found', async () => {
  const many = Array.from({ length: 100_000 }, (_, i) => `3f2c-${i}`);
  const result = await compareIds(() => pagesOf([...many, '3f2c-777'], 1000), undefined, many.length);
  expect(result).toMatchObject({ doubled: ['3f2c-777'], doubledCount: 1, missingCount: 0 });
});

test('all differing ids are counted, and the first hundred named', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => `id-${i}`);
  const result = await compareIds(
    () => pagesOf([], 1),
    () => pagesOf(many, 100),
    1,
  );
  expect(result.missingCount).toBe(1000);
  expect(result.missing).toEqual(many.slice(0, 100));
});

describe('entry ids', () => {
  const part = fc.integer({ min: 0, max: 2 ** 45 });
  test('are ordered as Redis orders them', () => {
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        const order = a === c ? Math.sign(b - d) : Math.sign(a - c);
        expect(Math.sign(compareEntryIds(`${a}-${b}`, `${c}-${d}`))).toBe(order);
      }),
    );
    expect(compareEntryIds('9-10', '10-9')).toBeLessThan(0);
    expect(compareEntryIds('5-9', '5-10')).toBeLessThan(0);
  });
});
