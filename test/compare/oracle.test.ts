import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Counts } from '../../src/compare/index.ts';
import { compareLines, fileOf } from './lines.ts';

/** Few values, so that every way to differ comes up again and again. */
interface Line {
  id: number;
  score: number;
  at: number;
  tags: string[];
  state: string;
  error?: string;
}

const line: fc.Arbitrary<Line> = fc.record(
  {
    id: fc.nat({ max: 12 }),
    // 1.0 and 1.009 are near enough, 1.0 and 1.02 are not.
    score: fc.constantFrom(1, 1.009, 1.02),
    at: fc.nat({ max: 2 }),
    tags: fc.constantFrom(['a', 'b'], ['b', 'a'], ['a', 'c']),
    state: fc.constantFrom('NEW', 'NEW', 'NEW', 'OPEN'),
    error: fc.constantFrom('timeout', 'refused'),
  },
  { requiredKeys: ['id', 'score', 'at', 'tags', 'state'] },
);
/** Most keys are on both sides, and much of it is equal. */
const sides = fc
  .tuple(fc.array(line, { maxLength: 25 }), fc.array(line, { maxLength: 25 }), fc.array(fc.boolean()))
  .map(([old, fresh, copied]) => ({ old, fresh: [...fresh, ...old.filter((_, at) => copied[at])] }));

/** What it comes to, by two maps of whole records. */
function naive(old: readonly Line[], fresh: readonly Line[]): Counts {
  const [left, right] = [firsts(old), firsts(fresh)];
  const counts: Counts = {
    ...{ compared: 0, matched: 0, ignored: 0, mismatched: 0, noise: 0, missing: 0, extra: 0 },
    ...{ pending: 0, late: 0, errorsOld: 0, errorsNew: 0 },
  };
  for (const id of new Set([...left.keys(), ...right.keys()]))
    counts[outcomeOf(left.get(id), right.get(id))] += 1;
  counts.compared = counts.matched + counts.ignored + counts.mismatched;
  return counts;
}

function firsts(lines: readonly Line[]): Map<number, Line> {
  return new Map(lines.toReversed().map((one) => [one.id, one]));
}

function outcomeOf(old: Line | undefined, fresh: Line | undefined): keyof Counts {
  if (!old || !fresh) return old ? 'missing' : 'extra';
  if (Boolean(old.error) !== Boolean(fresh.error)) return old.error ? 'errorsOld' : 'errorsNew';
  const same =
    Math.abs(old.score - fresh.score) < 0.0101 &&
    [...old.tags].sort().join() === [...fresh.tags].sort().join() &&
    old.error === fresh.error;
  if (same && old.state === fresh.state) return old.at === fresh.at ? 'matched' : 'ignored';
  return old.state === 'NEW' && fresh.state === 'OPEN' ? 'ignored' : 'mismatched';
}

const memory = fc.record({ sideBytes: fc.nat({ max: 3000 }), partBytes: fc.constantFrom(1, 300, 100_000) });
const JUDGED = {
  ignore: ['at'],
  known: ["old.state == 'NEW' && new.state == 'OPEN'"],
  tolerance: ['score=0.01'],
  unordered: ['tags'],
};

test('counts are those of two maps of whole records, whatever the order and however little memory there is', async () => {
  await fc.assert(
    fc.asyncProperty(
      sides,
      memory,
      fc.integer({ min: 1, max: 500 }),
      async ({ old, fresh }, memory, piece) => {
        const result = await compareLines([], [], {
          ...JUDGED,
          memory,
          old: fileOf(old, piece),
          new: fileOf(fresh, piece * 7),
        });
        expect(result.counts).toEqual(naive(old, fresh));
        for (const [side, lines] of [
          ['old', old],
          ['new', fresh],
        ] as const) {
          const keys = new Set(lines.map(({ id }) => id)).size;
          expect(result[side]).toMatchObject({ records: lines.length, keys, duplicate: lines.length - keys });
        }
      },
    ),
    { numRuns: 120 },
  );
});

test('what was planted is what is found, to the record', async () => {
  const planted = fc.record({
    same: fc.nat({ max: 40 }),
    mismatched: fc.nat({ max: 9 }),
    ignored: fc.nat({ max: 9 }),
    near: fc.nat({ max: 9 }),
    missing: fc.nat({ max: 9 }),
    extra: fc.nat({ max: 9 }),
    doubledNew: fc.nat({ max: 9 }),
    unreadable: fc.nat({ max: 3 }),
    seed: fc.integer(),
  });
  await fc.assert(
    fc.asyncProperty(planted, memory, async (plan, memory) => {
      const { old, fresh } = plant(plan);
      const result = await compareLines(old, fresh, { ignore: ['meta.at'], tolerance: ['1%'], memory });
      expect(result.counts).toMatchObject({
        matched: plan.same + plan.near + plan.doubledNew,
        mismatched: plan.mismatched,
        ignored: plan.ignored,
        missing: plan.missing,
        extra: plan.extra,
      });
      expect(result.new).toMatchObject({
        duplicate: plan.doubledNew,
        duplicateKeys: plan.doubledNew,
        duplicateDiffering: 0,
        unreadable: plan.unreadable,
      });
      expect(result.doubled).toHaveLength(plan.doubledNew);
    }),
    { numRuns: 40 },
  );
});

function plant(plan: Record<string, number>) {
  const old: unknown[] = [];
  const fresh: unknown[] = [];
  let id = 0;
  const record = (change: object = {}) => ({ id: `k${id}`, n: 200, meta: { at: 1, by: 'x' }, ...change });
  const each = (what: string, put: () => void) => {
    for (let i = 0; i < plan[what]!; i += 1) {
      id += 1;
      put();
    }
  };
  const both = (change: object) => {
    old.push(record());
    fresh.push(record(change));
  };
  each('same', () => both({}));
  each('mismatched', () => both({ n: 203 }));
  each('ignored', () => both({ meta: { at: 2, by: 'x' } }));
  each('near', () => both({ n: 202 }));
  each('missing', () => old.push(record()));
  each('extra', () => fresh.push(record()));
  each('doubledNew', () => {
    both({});
    fresh.push(record());
  });
  each('unreadable', () => fresh.push('{"id":'));
  return { old: shuffled(old, plan.seed!), fresh: shuffled(fresh, plan.seed! + 1) };
}

function shuffled<T>(list: T[], seed: number): T[] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state;
  };
  return list
    .map((one) => ({ one, by: next() }))
    .sort((a, b) => a.by - b.by)
    .map(({ one }) => one);
}
