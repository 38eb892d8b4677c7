import { expect, test } from 'vitest';
import { formatFamilies } from '../../src/model/exposition.ts';
import { define } from '../../src/model/series/definition.ts';

const { depth, done, took, none } = define(['name'], {
  depth: ['depth', 'How deep.'],
  done: ['done_total', 'How many.'],
  took: ['took_seconds', 'How long.', 'histogram'],
  none: ['none', 'Nothing.'],
});
const samples = (...values: [string, number][]) =>
  values.map(([name, value]) => ({ labels: { name }, value }));

test('a metric without samples is not there, and one without labels has no braces', () => {
  const text = formatFamilies([
    { definition: none, samples: [] },
    { definition: depth, samples: [{ labels: {}, value: 0 }] },
    { definition: done, samples: samples(['a', 1.5], ['b', Number.POSITIVE_INFINITY]) },
  ]);
  expect(text).toBe(
    `# HELP depth How deep.
# TYPE depth gauge
depth 0
# HELP done_total How many.
# TYPE done_total counter
done_total{name="a"} 1.5
done_total{name="b"} +Inf
`,
  );
});

test('a histogram has its buckets, its sum and its count', () => {
  const buckets = [
    { atMost: 0.5, count: 2 },
    { atMost: Number.POSITIVE_INFINITY, count: 3 },
  ];
  const histograms = [{ labels: { name: 'a' }, buckets, sum: 7.25 }];
  expect(formatFamilies([{ definition: took, histograms }])).toBe(
    `# HELP took_seconds How long.
# TYPE took_seconds histogram
took_seconds_bucket{name="a",le="0.5"} 2
took_seconds_bucket{name="a",le="+Inf"} 3
took_seconds_sum{name="a"} 7.25
took_seconds_count{name="a"} 3
`,
  );
});

test('quotes, backslashes, newlines and control characters of a name cannot break a line', () => {
  const text = formatFamilies([{ definition: depth, samples: samples(['a"b\\c\nd\re\u001b', 1]) }]);
  expect(text.split('\n')[2]).toBe('depth{name="a\\"b\\\\c\\nd\\\\x0de\\\\x1b"} 1');
});

test('names that look the same in the end are one series: twice would spoil the whole scrape', () => {
  const given = samples(['a', 1], ['\u0001', 2], ['\\x01', 3], ['b', 4]);
  const lines = formatFamilies([{ definition: depth, samples: given }])
    .trimEnd()
    .split('\n');
  expect(lines.slice(2)).toEqual(['depth{name="a"} 1', 'depth{name="\\\\x01"} 2', 'depth{name="b"} 4']);
});
