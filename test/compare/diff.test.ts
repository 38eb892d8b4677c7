import { expect, test } from 'vitest';
import { thresholdError } from '../../src/compare/index.ts';
import { compareLines, fileOf, type Options } from './lines.ts';

/** How one record differs from another, as `path kind` lines. */
async function pair(old: object, fresh: object, options: Options = {}): Promise<string[]> {
  const { sample, counts } = await compareLines([{ id: 1, ...old }], [{ id: 1, ...fresh }], options);
  if (counts.ignored === 1) return ['ignored'];
  return sample.flatMap(({ differences }) => differences.map(({ path, kind }) => `${path} ${kind}`));
}

test('every way to differ has a name and a path', async () => {
  const old = { n: 1, t: '1', gone: 1, list: [1, 2, 3], long: [1], deep: { a: [{ b: 'x' }] }, nul: null };
  const fresh = { n: 2, t: 1, list: [3, 1, 2], long: [1, 2], deep: { a: [{ b: 'y' }] }, nul: 0, more: {} };
  expect(await pair(old, fresh)).toEqual([
    'n value',
    't type',
    'gone missing',
    'list order',
    'long length',
    'deep.a[0].b value',
    'nul type',
    'more extra',
  ]);
});

test('JSON inside a text is compared as JSON, and digits beyond 2^53 count', async () => {
  expect(await pair({ body: '{"a":1,"b":2}' }, { body: '{"b":2, "a":1}' })).toEqual([]);
  expect(await pair({ body: '{"a":9007199254740993}' }, { body: '{"a":9007199254740992}' })).toEqual([
    'body.a value',
  ]);
});

test.each([
  ['1.000000000000000001', '1.000000000000000002'],
  ['12345678901234567.25', '12345678901234567.75'],
  ['1e400', '1e401'],
])(
  '%s is not %s, whichever types are taken for each other and however little they may differ',
  async (a, b) => {
    const judged = async (old: string, fresh: string, options: Options = {}) =>
      (await compareLines([`{"id":1,"v":${old}}`], [`{"id":1,"v":${fresh}}`], options)).counts;
    expect(await judged(a, b)).toMatchObject({ mismatched: 1 });
    expect(await judged(a, `${b}0`, { looseTypes: true })).toMatchObject({ mismatched: 1 });
    expect(await judged(a, `"${b}"`, { looseTypes: true })).toMatchObject({ mismatched: 1 });
    expect(await judged(a, `"${a}"`, { looseTypes: true })).toMatchObject({ matched: 1 });
    expect(await judged(a, b, { tolerance: ['1e-30'] })).toMatchObject({ mismatched: 1 });
  },
);

test('a number with many digits is a key that a text of the same digits is', async () => {
  const old = ['{"id":1000000000000000000000}', '{"id":12345678901234567.250}'];
  const fresh = [{ id: '1000000000000000000000' }, { id: '12345678901234567.25' }];
  expect((await compareLines(old, fresh, { looseTypes: true })).counts).toMatchObject({ matched: 2 });
});

test.each<[string, object, object, Options, string[]]>([
  ['a path', { m: { at: 1, by: 1 } }, { m: { at: 2, by: 1 } }, { ignore: ['m.at'] }, ['ignored']],
  ['all below a path', { m: { at: 1 } }, { m: { at: { x: 1 } } }, { ignore: ['m'] }, ['ignored']],
  ['a path in lists', { i: [{ id: 1 }] }, { i: [{ id: 2 }] }, { ignore: ['i[*].id'] }, ['ignored']],
  ['any name', { m: { at: 1 } }, { m: { at: 2 } }, { ignore: ['*.at'] }, ['ignored']],
  ['a field that is not there', { m: 1 }, {}, { ignore: ['m'] }, ['ignored']],
  ['nothing else', { m: { at: 1 }, at: 1 }, { m: { at: 1 }, at: 2 }, { ignore: ['m.at'] }, ['at value']],
])('ignores %s', async (_, old, fresh, options, expected) => {
  expect(await pair(old, fresh, options)).toEqual(expected);
});

test.each<[string[], unknown, unknown, boolean]>([
  [['0.01'], 1, 1.01, true],
  [['0.01'], 1, 1.011, false],
  [['1%'], 200, 202, true],
  [['1%'], 200, 203, false],
  [['1%'], '0.910', '0.911', true],
  [['5s'], '2026-01-01T00:00:00Z', '2026-01-01T02:00:05+02:00', true],
  [['5s'], '2026-01-01T00:00:00Z', '2026-01-01T00:00:06Z', false],
  [['5s'], '2026-01-01T00:00:00.5Z', '2026-01-01 00:00:04+00:00', true],
  [['5s'], 1, 2, false],
  [['5s'], 1000000001, 1000000003, false],
  [['5s'], '1700000000001', '1700000000003', false],
  [['5m'], '2026-01-01-0001', '2026-01-01-0003', false],
  [['v=5s'], 1000000001, 1000000003, true],
  [['v=5s'], '1700000000001', '1700000000003', true],
  [['v=5s'], '1700000000.123456789', '1700000004', true],
  [['5', 'v=0'], 1, 2, false],
  [['v=0.5'], 1, 1.5, true],
  [['other=9'], 1, 2, false],
  [['1'], 1, '1', false],
  [['0.01'], 9007199254740001, 9007199254740003, false],
  [['0.01'], '12345678901234567', '12345678901234569', false],
  [['5'], '5', '1e-999999999', true],
  [['0.5'], '12345678901234567.25', '12345678901234567.75', true],
])('with a tolerance of %j, %j and %j are near: %j', async (tolerance, old, fresh, near) => {
  expect((await pair({ v: old }, { v: fresh }, { tolerance })).length === 0).toBe(near);
});

test('an unordered list may stand in any order, and nothing more', async () => {
  const options = { unordered: ['tags'], tolerance: ['0.1'] };
  expect(await pair({ tags: [1, 'b', 1] }, { tags: ['b', 1.05, 1] }, options)).toEqual([]);
  expect(await pair({ tags: [1, 'b'] }, { tags: ['c', 1] }, options)).toEqual(['tags[1] value']);
  expect(await pair({ tags: [1, 1] }, { tags: [1] }, options)).toEqual(['tags length']);
});

test('loose types take a text for the number or truth that it spells', async () => {
  const options = { looseTypes: true };
  expect(await pair({ a: 1.5, b: true }, { a: '1.50', b: 'true' }, options)).toEqual([]);
  expect(await pair({ a: 0, b: false }, { a: '', b: '0' }, options)).toEqual(['a type', 'b type']);
});

test('a rule excuses the pairs that it is true for, and no others', async () => {
  const known = ["old.s == 'NEW' && fields == ['s']"];
  expect(await pair({ s: 'NEW' }, { s: 'OPEN' }, { known })).toEqual(['ignored']);
  expect(await pair({ s: 'NEW', n: 1 }, { s: 'OPEN', n: 2 }, { known })).toEqual(['s value', 'n value']);
});

test('values of the sample are redacted to type and length, unless they are asked for', async () => {
  const [old, fresh] = [[{ id: 1, card: '4111 1111', list: ['s'] }], [{ id: 1, card: 7, list: [] }]];
  const hidden = await compareLines(old, fresh);
  expect(hidden.sample[0]!.differences).toEqual([
    { path: 'card', kind: 'type', old: 'string(9)', new: 'number(1)' },
    { path: 'list', kind: 'length', old: 'array(1)', new: 'array(0)' },
  ]);
  expect(JSON.stringify(hidden)).not.toContain('4111');
  const shown = await compareLines(old, fresh, { showValues: true });
  expect(shown.sample[0]!.differences[0]).toMatchObject({ old: '"4111 1111"', new: '7' });
});

test('the sample is capped, and has each way to differ before it has one twice', async () => {
  const old = Array.from({ length: 60 }, (_, id) => ({ id, a: 1, b: 1 }));
  const fresh = old.map((one) => (one.id === 50 ? { ...one, b: 2 } : { ...one, a: 2 }));
  const { sample, counts } = await compareLines(old, fresh, { sample: 3 });
  expect(counts.mismatched).toBe(60);
  const paths = sample.map(({ differences }) => differences[0]!.path);
  expect(paths.toSorted()).toEqual(['a', 'a', 'b']);
  expect(new Set(paths.slice(0, 2)).size).toBe(2);
});

test('a field that differs between old and old as much is noise; one that differs more is not', async () => {
  const ids = Array.from({ length: 100 }, (_, id) => id);
  const side = (nonce: (id: number) => number, score: (id: number) => number) =>
    ids.map((id) => ({ id, nonce: nonce(id), score: score(id) }));
  const old = side(
    () => 1,
    () => 1,
  );
  const again = side(
    (id) => id % 2,
    (id) => (id < 2 ? 9 : 1),
  );
  const fresh = side(
    (id) => (id + 1) % 2,
    (id) => (id < 10 ? 9 : 1),
  );
  const result = await compareLines(old, fresh, { old2: fileOf(again) });
  expect(result.fields).toMatchObject([
    { field: 'score', differing: 10, noiseShare: 0.02, reported: true },
    { field: 'nonce', differing: 50, noiseShare: 0.5, reported: false },
  ]);
  expect(result.counts).toMatchObject({ matched: 45, mismatched: 10, noise: 45 });
  expect(result.sample.every(({ differences }) => differences.some(({ path }) => path === 'score'))).toBe(
    true,
  );
  const strict = await compareLines(old, fresh, {
    old2: fileOf(again),
    noise: { relative: 0.9, absolute: 0.0003 },
  });
  expect(strict.counts).toMatchObject({ mismatched: 0, noise: 55 });
});

test.each([
  [1000, 1, { mismatched: 990, noise: 0 }, { counted: 1, needed: 100 }],
  [1000, 99, { mismatched: 990, noise: 0 }, { counted: 99, needed: 100 }],
  [1000, 100, { mismatched: 0, noise: 990 }, { counted: 100, needed: 100 }],
  [1200, 119, { mismatched: 1190, noise: 0 }, { counted: 119, needed: 120 }],
  [20, 9, { mismatched: 10, noise: 0 }, { counted: 9, needed: 10 }],
  [20, 10, { mismatched: 0, noise: 10 }, { counted: 10, needed: 10 }],
])(
  'of %i keys, %i that were made twice are enough or not to tell noise',
  async (all, twice, counts, pairs) => {
    const old = Array.from({ length: all }, (_, id) => ({ id, score: 1 }));
    const fresh = old.map(({ id }) => ({ id, score: id < 10 ? 1 : 2 }));
    const again = old.slice(0, twice).map(({ id }) => ({ id, score: 3 }));
    const failOn = ['mismatched > 0'];
    const result = await compareLines(old, fresh, { old2: fileOf(again), failOn });
    expect(result.counts).toMatchObject(counts);
    expect(result.noisePairs).toEqual(pairs);
    expect(result.fields[0]!.noiseShare).toBe(counts.noise > 0 ? 1 : null);
    const hints = thresholdError(result)?.hint ?? [];
    expect(hints.some((hint) => /noise is not known/.test(hint))).toBe(counts.noise === 0);
  },
);
