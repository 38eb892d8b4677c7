import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatStatus } from '../../commands/check/format-line.ts';
import { formatMetrics } from '../../commands/check/format-metrics.ts';
import { describeRange, perfRange } from '../../commands/check/format-range.ts';
import { formatValue } from '../../commands/check/format-value.ts';
import type { Metric, Unit } from '../../commands/check/metrics.ts';
import { type CheckReport, toReport } from '../../commands/check/report.ts';
import { between, type Item, known, parseRange, type Range } from '../../src/checks/index.ts';
import { memoryIo } from './memory-io.ts';

const range = (text: string): Range => parseRange(text)!;

test.each<[string, Unit, string]>([
  ['5000', 'count', 'above 5000'],
  ['~:5000', 'count', 'above 5000'],
  ['0:10', 'count', 'above 10'],
  ['10:', 'count', 'below 10'],
  ['10:20', 'count', 'outside 10 to 20'],
  ['@10:20', 'count', 'from 10 to 20'],
  ['@10', 'count', 'up to 10'],
  ['@10:', 'count', 'from 10'],
  ['@~:', 'count', 'always'],
  ['0:', 'count', 'below 0'],
  ['5m', 'ms', 'above 5m'],
  ['300', 'ms', 'above 300s'],
  ['30:1h', 'ms', 'outside 30s to 1h'],
  ['80', 'percent', 'above 80%'],
  ['80%', 'percent', 'above 80%'],
])('%s of a %s is said as %s', (text, unit, said) => {
  const operand = unit === 'ms' ? 'duration' : unit === 'percent' ? 'percent' : 'number';
  expect(describeRange(parseRange(text, operand)!, unit)).toBe(said);
});

test('a range in performance data means what was written', () => {
  const end = fc.integer({ min: -100_000, max: 100_000 });
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.oneof(end, fc.constant(Number.NEGATIVE_INFINITY)),
      fc.oneof(end, fc.constant(Number.POSITIVE_INFINITY)),
      fc.constantFrom<Unit>('ms', 'count'),
      (inside, start, stop, unit) => {
        fc.pre(start <= stop);
        const text = perfRange({ text: '', start, end: stop, inside }, unit);
        const { text: _, ...read } = parseRange(text, unit === 'ms' ? 'duration' : 'number')!;
        expect(read).toEqual({ start, end: stop, inside });
      },
    ),
  );
});

test.each<[number, Unit, string]>([
  [5210, 'count', '5,210'],
  [252_000, 'ms', '4m12s'],
  [0.2137, 'ms', '0.21ms'],
  [0, 'ms', '0ms'],
  [81.46, 'percent', '81.5%'],
  [80, 'percent', '80%'],
  [1536, 'bytes', '1.5 KiB'],
  [7, 'counter', '7'],
])('%d of %s reads %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

function lagOf(name: string, value: number): Item<Metric> {
  const limits = { warning: range('1000'), critical: range('5000') };
  return { name, labels: { stream: name }, readings: [known('lag', value, limits)], findings: [] };
}

const show = (report: CheckReport, colour = false): string =>
  formatStatus(memoryIo({ columns: 80, colour }).stdout, report);

test('one item is one line with its performance data', () => {
  expect(show(toReport('lag', 'orders/workers', [lagOf('orders/workers', 5210)]))).toBe(
    "LAG CRITICAL - orders/workers: lag 5,210 (critical above 5000) | 'orders/workers lag'=5210;1000;5000;0",
  );
});

test('of several the worst stands on the first line, and a line each follows', () => {
  const report = toReport('lag', '*', [lagOf('a', 1), lagOf('b', 2000), lagOf('c', 9000)]);
  expect(show(report)).toBe(
    [
      "LAG CRITICAL - 1 critical, 1 warning, 1 ok; c: lag 9,000 (critical above 5000) | 'a lag'=1;1000;5000;0 'b lag'=2000;1000;5000;0 'c lag'=9000;1000;5000;0",
      'CRITICAL c: lag 9,000 (critical above 5000)',
      'WARNING b: lag 2,000 (warning above 1000)',
      'OK a: lag 1',
    ].join('\n'),
  );
  expect(show(toReport('lag', '*', [lagOf('a', 1), lagOf('b', 2)])).split('\n')[0]).toBe(
    "LAG OK - 2 ok | 'a lag'=1;1000;5000;0 'b lag'=2;1000;5000;0",
  );
});

test('what is not known is U in performance data, with why in the text', () => {
  const thresholds = { warning: range('5'), critical: range('50') };
  const bounds = (atLeast: number, atMost: number) => [
    {
      name: 'x',
      labels: {},
      findings: [],
      readings: [between('lag', { atLeast, atMost }, 'a gap', thresholds)],
    },
  ];
  expect(show(toReport('lag', 'x', bounds(1, 99)))).toBe(
    "LAG UNKNOWN - x: lag between 1 and 99 (a gap) | 'x lag'=U;5;50;0",
  );
  expect(show(toReport('lag', 'x', bounds(60, Number.POSITIVE_INFINITY)))).toBe(
    "LAG CRITICAL - x: lag at least 60 (critical above 50; a gap) | 'x lag'=U;5;50;0",
  );
  expect(show(toReport('lag', 'x', bounds(0, Number.POSITIVE_INFINITY)))).toBe(
    "LAG UNKNOWN - x: lag unknown (a gap) | 'x lag'=U;5;50;0",
  );
});

test('a name cannot break the line, the label or the terminal', () => {
  const report = toReport('lag', 'x', [lagOf("o'r=d|e\nr\u001b[31m", 1)]);
  expect(show(report)).toBe("LAG OK - o'r=d/e; r\\x1b[31m: lag 1 | 'o''r_d/e; r\\x1b[31m lag'=1;1000;5000;0");
});

test('any name gives one bar, one line, and a label that can be read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const line = show(toReport('lag', 'x', [lagOf(name, 1)]));
      expect(line.split('|')).toHaveLength(2);
      expect(line).not.toMatch(/[\n\r\u001b]/);
      expect(line.split('| ')[1]).toMatch(/^'(?:[^'=]|'')+ lag'=1;1000;5000;0$/);
    }),
  );
});

test('the status has a colour where the terminal has', () => {
  const report = toReport('lag', 'x', [lagOf('x', 9000)]);
  expect(show(report, true)).toContain('LAG \u001b[31mCRITICAL\u001b[39m - x: ');
});

test('metrics: unknown values are left out, counters are counters, seconds and ratios are base units', () => {
  const items: Item<Metric>[] = [
    {
      name: 'a',
      labels: { server: 'a' },
      readings: [known('latency', 2.5), known('memory', 12.34), known('evicted', 7)],
      findings: [],
    },
    {
      name: 'b',
      labels: { server: 'b' },
      readings: [between('memory', { atLeast: 0, atMost: 100 }, '')],
      findings: [],
    },
  ];
  expect(formatMetrics(toReport('redis', 'both', items))).toBe(`\
# HELP qctl_redis_latency_seconds Median time of a PING, of the slowest node.
# TYPE qctl_redis_latency_seconds gauge
qctl_redis_latency_seconds{server="a"} 0.0025
# HELP qctl_redis_memory_used_ratio Share of maxmemory that is used, of the fullest node.
# TYPE qctl_redis_memory_used_ratio gauge
qctl_redis_memory_used_ratio{server="a"} 0.1234
# HELP qctl_redis_evicted_keys_total Keys that Redis deleted to make room, since its start.
# TYPE qctl_redis_evicted_keys_total counter
qctl_redis_evicted_keys_total{server="a"} 7
# HELP qctl_check_item_status Status of each thing that was checked: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
# TYPE qctl_check_item_status gauge
qctl_check_item_status{check="redis",server="a"} 0
qctl_check_item_status{check="redis",server="b"} 3
# HELP qctl_check_status Status of the whole check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
# TYPE qctl_check_status gauge
qctl_check_status{check="redis",target="both"} 3
`);
});

test('metrics: any label value comes back when it is unescaped, on a line of its own', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', ' ') }), (name) => {
      const lines = formatMetrics(toReport('lag', name, [lagOf(name, 1)])).split('\n');
      const [, escaped] = /^qctl_stream_lag\{stream="(.*)"\} 1$/.exec(lines[2]!) ?? [];
      expect(escaped?.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char))).toBe(name);
    }),
  );
});

test('metrics: a control character in a name is shown by its code, whatever else is left as it is', () => {
  const name = 'a\u001b]0;x\u0007\tä"\n\u009b\\';
  const [, , line] = formatMetrics(toReport('lag', name, [lagOf(name, 1)])).split('\n');
  expect(line).toBe('qctl_stream_lag{stream="a\\\\x1b]0;x\\\\x07\\\\tä\\"\\n\\\\x9b\\\\"} 1');
});
