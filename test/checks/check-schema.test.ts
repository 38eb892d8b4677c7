import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkSchema, usesBaseline } from '../../src/checks/index.ts';
import { toIssues } from '../../src/config/issues.ts';
import { duration } from '../../src/config/schema.ts';

const METRICS = {
  'redis.lag': { schema: z.strictObject({ stream: z.string(), group: z.string() }) },
  'redis.pending': {
    schema: z.strictObject({ stream: z.string(), group: z.string(), minIdle: duration.optional() }),
  },
};
const schema = checkSchema(METRICS);
const LAG = { name: 'lag', metric: 'redis.lag', with: { stream: 'orders', group: 'workers' } };

test('every default is filled in', () => {
  expect(schema.parse({ ...LAG, success: 'value < 1000' })).toEqual({
    ...LAG,
    success: 'value < 1000',
    failure: null,
    intervalMs: 10_000,
    initialDelayMs: 0,
    count: null,
    failureLimit: 0,
    errorLimit: 4,
    inconclusiveLimit: 0,
    timeoutMs: 10_000,
    onFailure: 'rollback',
    dryRun: false,
  });
});

test('durations arrive as milliseconds, those of the metric too', () => {
  const given = {
    ...LAG,
    metric: 'redis.pending',
    with: { ...LAG.with, minIdle: '5m' },
    failure: 'value > 0',
    interval: '2s',
    initialDelay: '1m',
    timeout: '500ms',
    count: 3,
    onFailure: 'warn',
    dryRun: true,
  };
  expect(schema.parse(given)).toMatchObject({
    with: { minIdle: 300_000 },
    intervalMs: 2000,
    initialDelayMs: 60_000,
    timeoutMs: 500,
    count: 3,
    onFailure: 'warn',
    dryRun: true,
  });
});

test('a plan may add fields of its own', () => {
  const more = checkSchema(METRICS, {
    from: z.string().optional(),
    allowFailing: z.boolean().default(false),
  });
  const spec = more.parse({ ...LAG, success: 'value < 1', from: 'flip' });
  expect(spec).toMatchObject({ name: 'lag', from: 'flip', allowFailing: false });
});

test.each([
  [{ ...LAG }, '', 'neither success nor failure', 'success: value < 1000'],
  [{ ...LAG, success: 'vlaue < 5' }, 'success', 'column 1: expected value', 'did you mean value?'],
  [
    { ...LAG, success: 'value < 5', failureLimits: 3 },
    'failureLimits',
    'unknown field',
    'did you mean failureLimit?',
  ],
  [
    { ...LAG, success: 'value < 5', metric: 'redis.lga' },
    'metric',
    '"redis.lga" is not known',
    'did you mean redis.lag?',
  ],
  [
    { ...LAG, success: 'value < 5', with: { stream: 'orders', grop: 'w' } },
    'with.grop',
    'unknown field (metric redis.lag)',
    'did you mean group?',
  ],
  [
    { ...LAG, success: 'value < 5', with: { stream: 'a', group: 5 } },
    'with.group',
    'expected text, got 5',
    '',
  ],
  [{ ...LAG, success: 'value < 5', interval: 'soon' }, 'interval', 'expected a duration such as 30s', ''],
  [{ ...LAG, success: 'value < 5', interval: '0s' }, 'interval', 'expected at least 10ms', ''],
  [{ ...LAG, success: 'value < 5', count: 0 }, 'count', 'expected a whole number from 1', ''],
  [
    { ...LAG, success: 'value < 5', onFailure: 'explode' },
    'onFailure',
    'expected rollback or pause or warn',
    '',
  ],
])('what is wrong is named: %#', (given, path, problem, hint) => {
  const parsed = schema.safeParse(given);
  const issues = parsed.success ? [] : toIssues(parsed.error, schema, given);
  const found = issues.find((issue) => issue.path.join('.') === path);
  expect(found?.problem).toContain(problem);
  expect(found?.hint ?? '').toContain(hint);
});

test('a check that compares with the baseline is told from one that does not', () => {
  expect(usesBaseline({ success: 'value < baseline * 2', failure: null })).toBe(true);
  expect(usesBaseline({ success: 'value < 2', failure: 'value > 3' })).toBe(false);
});
