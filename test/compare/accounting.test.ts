import { expect, test } from 'vitest';
import { compare, countsText, thresholdError } from '../../src/compare/index.ts';
import { compareLines, fileOf } from './lines.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

test('an error of one side is neither a match nor a mismatch; the same error of both is a match', async () => {
  const old = [
    { id: 1 },
    { id: 2, error: 'x' },
    { id: 3, error: 'x' },
    { id: 4, error: 'x' },
    { id: 5, error: '' },
  ];
  const fresh = [
    { id: 1, error: 'x' },
    { id: 2 },
    { id: 3, error: 'x' },
    { id: 4, error: 'y' },
    { id: 5, error: '' },
  ];
  const { counts, sample } = await compareLines(old, fresh);
  expect(counts).toMatchObject({ errorsNew: 1, errorsOld: 1, matched: 2, mismatched: 1, compared: 3 });
  expect(
    sample
      .filter(({ outcome }) => outcome === 'error')
      .map(({ why }) => why)
      .toSorted(),
  ).toEqual(['only the new side says error', 'only the old side says error']);
  const own = await compareLines([{ id: 1, s: 'FAILED' }], [{ id: 1, s: 'ok' }], { error: "s == 'FAILED'" });
  expect(own.counts).toMatchObject({ errorsOld: 1, compared: 0 });
});

test('a field error that says no is no error, as text as well', async () => {
  const said = ['false', 'False', '0', 'null', 'None', 'no', '', ' ', false, 0, null, {}];
  const old = [...said, ...said].map((_, id) => ({ id }));
  const fresh = [
    ...said.map((error, id) => ({ id, error })),
    ...said.map((error, id) => ({ id: said.length + id, body: JSON.stringify({ error }) })),
  ];
  const { counts } = await compareLines(old, fresh, { ignore: ['error', 'body'] });
  expect(counts).toMatchObject({ errorsNew: 0, ignored: 2 * said.length });
  const wrong = ['nothing found', 'not 0', 'nobody', '1', true, { code: 0 }];
  const failed = await compareLines(
    wrong.map((_, id) => ({ id })),
    wrong.map((error, id) => ({ id, error })),
  );
  expect(failed.counts).toMatchObject({ errorsNew: wrong.length });
});

test('what cannot be read is counted by side, and told with its place', async () => {
  const result = await compareLines(['{', { id: 1 }, { no: 1 }], [{ id: 1 }, '[[['.repeat(900)]);
  expect(result.old).toMatchObject({ records: 3, unreadable: 2, keys: 1 });
  expect(result.new.unreadable).toBe(1);
  expect(result.sample.map(({ old, new: fresh, why }) => [old, fresh, why])).toEqual(
    expect.arrayContaining([
      ['line 1', null, 'it is no JSON'],
      ['line 3', null, 'it has no key'],
    ]),
  );
  expect(result.verdict).toBe('different');
});

test('a record that is nested without end does not end the process', async () => {
  const deep = `{"id":1,"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const { new: fresh } = await compareLines([{ id: 1 }], [deep]);
  expect(fresh.unreadable).toBe(1);
});

test('late is told beside the outcome, and what is too young to be missed is pending', async () => {
  const old = [0, 1, 2, 55].map((second) => ({ id: second, t: at(second) }));
  const fresh = [
    { id: 0, t: at(3) },
    { id: 1, t: at(40) },
    { id: 58, t: at(58) },
    { id: 9, t: at(9) },
  ];
  const result = await compareLines(old, fresh, {
    time: 't',
    ignore: ['t'],
    lateAfterMs: 10_000,
    nowMs: Date.parse(at(60)),
  });
  expect(result.counts).toMatchObject({ ignored: 2, late: 1, missing: 1, extra: 1, pending: 2 });
  expect(result.behindMs).toMatchObject({ min: 3000, max: 39_000 });
  expect(result.old).toMatchObject({ firstAt: at(0), lastAt: at(55), perSecond: 4 / 55 });
});

test('what comes into a file while it is read is not missed; a pipe is judged by when it ended', async () => {
  let nowMs = Date.parse(at(0));
  async function* chunks() {
    yield Buffer.from(`${JSON.stringify({ id: 1, t: at(0) })}\n`);
    nowMs = Date.parse(at(60));
  }
  const rules = { key: ['id'], time: 't', lateAfterMs: 10_000, minMatched: null };
  const work = { signal: new AbortController().signal, waiting: () => undefined, now: () => new Date(nowMs) };
  const pipe = () => ({ kind: 'file', path: 'pipe', chunks: chunks() }) as const;
  const file = { kind: 'file', path: '/dev/null' } as const;
  const late = await compare({ ...rules, old: pipe(), new: file }, work);
  expect(late.counts).toMatchObject({ missing: 0, pending: 1 });
  nowMs = Date.parse(at(0));
  const fed = { ...pipe(), chunks: slowly(chunks()) };
  const ended = await compare({ ...rules, old: fileOf([{ id: 2, t: at(0) }]), new: fed }, work);
  expect(ended.counts).toMatchObject({ missing: 1, extra: 0 });
});

/** Behind the other side. */
async function* slowly(pieces: AsyncIterable<Buffer>) {
  await new Promise((resolve) => setImmediate(resolve));
  yield* pieces;
}

test('latency is known where a record names its start, and null where it does not', async () => {
  const side = (ms: number) =>
    Array.from({ length: 100 }, (_, id) => ({ id, from: at(0), to: Date.parse(at(0)) + ms * (id + 1) }));
  const known = await compareLines(side(1), side(10), {
    time: 'to',
    started: 'from',
    failOn: ['p99.new > p99.old * 9'],
  });
  expect(known.old.latencyMs).toMatchObject({ min: 1, p50: 50, p99: 99, max: 100 });
  expect(Math.abs(known.new.latencyMs!.p50 - 500)).toBeLessThanOrEqual(5);
  expect(known.thresholds).toMatchObject([{ holds: true, ok: false }]);
  const unknown = await compareLines(side(1), side(1), { failOn: ['p99.new > 5s'] });
  expect(unknown.new).toMatchObject({ latencyMs: null, perSecond: null, firstAt: null });
  expect(unknown.thresholds).toMatchObject([{ holds: null, ok: false }]);
});

test('a key is one of several fields, numbers and texts alike', async () => {
  const key = ['body.order', 'line-no'];
  const old = [{ body: { order: 12 }, 'line-no': 'a' }];
  const fresh = [{ body: '{"order":12}', 'line-no': 'a' }];
  expect((await compareLines(old, fresh, { key })).counts).toMatchObject({ matched: 1 });
  const texts = await compareLines([{ id: 7, v: 1 }], [{ id: '7', v: 1 }], { ignore: ['id'] });
  expect(texts.counts).toMatchObject({ ignored: 1, missing: 0, extra: 0 });
});

test('doubled keys are told with how often they stand on each side, the worst first', async () => {
  const fresh = [{ id: 1 }, { id: 1 }, { id: 2 }, { id: 2 }, { id: 2, v: 1 }, { id: 3 }];
  const result = await compareLines([{ id: 1 }, { id: 2 }, { id: 3 }], fresh);
  expect(result.doubled).toEqual([
    { key: '2', old: 1, new: 3 },
    { key: '1', old: 1, new: 2 },
  ]);
  expect(result.new).toMatchObject({ duplicate: 3, duplicateKeys: 2, duplicateDiffering: 1 });
  expect(result.counts).toMatchObject({ matched: 3 });
});

test('a threshold names the counts and no value, and nothing compared is never a pass', async () => {
  const secret = await compareLines([{ id: 1, v: 'hunter2' }], [{ id: 1, v: 'x' }], {
    failOn: ['mismatched > 0.1%'],
    minMatched: 1,
  });
  const error = thresholdError(secret)!;
  expect(error).toMatchObject({ kind: 'threshold', code: 'COMPARE_THRESHOLD' });
  expect(error.message).toBe(
    'old and new differ too much: not matched + ignored + noise >= 1, mismatched > 0.1% (0 matched, 1 mismatched)',
  );
  expect(JSON.stringify(error)).not.toContain('hunter2');
  const nothing = await compareLines([], [], { failOn: ['mismatched > 0'], minMatched: 1 });
  expect(nothing.verdict).toBe('noData');
  expect(thresholdError(nothing)!.hint[0]).toMatch(/nothing was read of lines/);
  const passed = await compareLines([{ id: 1 }], [{ id: 1 }], {
    failOn: ['mismatched > 0.1%'],
    minMatched: 1,
  });
  expect(thresholdError(passed)).toBeUndefined();
  expect(countsText(passed)).toBe('1 matched');
});

test('records that all differ in a field that is ignored count as agreeing', async () => {
  const rules = { ignore: ['at'], failOn: ['mismatched > 0'] };
  const [old, fresh] = [[{ id: 1, at: 5 }], [{ id: 1, at: 6 }]];
  const passed = await compareLines(old, fresh, { ...rules, minMatched: 1 });
  expect([passed.counts.ignored, thresholdError(passed)]).toEqual([1, undefined]);
  const few = await compareLines(old, fresh, { ...rules, minMatched: 2 });
  expect(thresholdError(few)!.message).toContain('not matched + ignored + noise >= 2');
});

test.each([
  [{ failOn: ['missing == 0'] }, '--require'],
  [{ failOn: ['p99.new < p99.old * 1.2'] }, '--require'],
  [{ require: ['mismatched > 5'] }, '--fail-on'],
])('a condition that the best of all comparisons would fail is refused: %j', async (options, other) => {
  await expect(compareLines([], [], options)).rejects.toMatchObject({
    code: 'THRESHOLD_INVERTED',
    hint: [expect.stringContaining(other), expect.anything()],
  });
});

test.each([
  [{ failOn: ['mistmatched > 0'] }, 'BAD_EXPRESSION'],
  [{ ignore: ['a..b'] }, 'BAD_PATH'],
  [{ tolerance: ['much'] }, 'BAD_TOLERANCE'],
  [{ key: ['body.['] }, 'BAD_EXPRESSION'],
  [{ known: ['nosuch(old)'] }, 'BAD_EXPRESSION'],
])('what cannot be meant is refused: %j', async (options, code) => {
  await expect(compareLines([], [], options)).rejects.toMatchObject({ code });
});

test('what was stopped says so, and does not call missing what it has not read', async () => {
  const stop = new AbortController();
  const lines = Array.from({ length: 5000 }, (_, id) => ({ id }));
  async function* endless() {
    yield Buffer.from(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
    stop.abort();
    yield Buffer.from('{"id":"cut');
  }
  const old = { kind: 'file', path: 'old', chunks: endless() } as const;
  const result = await compareLines([], lines.slice(0, 100), { old, signal: stop.signal, minMatched: 1 });
  expect(result).toMatchObject({ complete: false, verdict: 'incomplete' });
  expect(result.counts).toMatchObject({ missing: 0, extra: 0 });
  expect(result.old.unreadable).toBe(0);
});
