import { beforeAll, describe, expect, test } from 'vitest';
import { formatJunit } from '../../commands/load/format-junit.ts';
import { formatMarkdown } from '../../commands/load/format-markdown.ts';
import { formatReport } from '../../commands/load/format-report.ts';
import { latencyText, measureText, rateText } from '../../commands/load/words.ts';
import type { LoadResult } from '../../src/load/index.ts';
import { sampleResult } from '../load/sample-result.ts';
import { outlineOf } from '../support/junit.ts';
import { memoryIo } from './memory-io.ts';

let base: LoadResult;
beforeAll(() => {
  base = sampleResult({}, { seconds: 4, perSecond: 50, stallMs: 0 });
});

function text(over: Partial<LoadResult>, columns?: number): string {
  return formatReport(memoryIo({ columns }).stdout, [{ ...base, ...over }], false);
}

describe('what a report says where there is less to say', () => {
  test('nothing consumes: no correctness is claimed', () => {
    const { endToEnd: _, ...enqueued } = base.latency;
    const shown = text({
      target: { ...base.target, groups: 0 },
      latency: { ...enqueued, endToEnd: null, endToEndSent: null, wait: null, processing: null },
      seconds: base.seconds.map((second) => ({ ...second, endToEnd: null })),
    });
    expect(shown).toMatch(/^correctness {2}not looked at: nothing consumes$/m);
    expect(shown).toContain(', nothing consumes\n');
    expect(shown).not.toMatch(/0 lost|end to end|queue wait/);
    expect(shown).toMatch(/^p99 {3}▁*[▁▂▃▄▅▆▇█]+/m);
  });

  test('what is not known is not 0', () => {
    const none = { length: null, lag: null, pending: null, memoryBytes: null, memoryGrowthBytes: null };
    const shown = text({
      counts: { ...base.counts, lost: null },
      backend: { ...none, queueBytes: null, cpu: null },
      rates: { wanted: null, sent: null, reached: null, processed: null },
      thresholds: [{ text: 'lag < 10', holds: null, values: { lag: null } }],
    });
    expect(shown).toMatch(/^correctness {2}lost not known, 0 doubled/m);
    expect(shown).toContain('length   -\nlag      -\npending  -\nmemory   -\n');
    expect(shown).toMatch(/^wanted {5}as fast as it goes$/m);
    expect(shown).toContain('unknown lag < 10: lag is not known');
  });

  test('a run in which nothing ended, and one without a single second', () => {
    const latency = Object.fromEntries(Object.keys(base.latency).map((stage) => [stage, null]));
    const shown = text({ latency: latency as LoadResult['latency'], seconds: [] });
    expect(shown).toContain('no latency: nothing ended\n');
    expect(shown).not.toContain('Over time');
  });

  test('a fault that could not be caused says why', () => {
    const fault = { text: 'kill 1 consumer', atMs: 2000, redelivered: 0, recoveredMs: null };
    expect(text({ faults: [{ ...fault, done: false, why: 'there was none' }] })).toContain(
      'not done: there was none',
    );
    expect(text({ faults: [{ ...fault, done: true, why: null, redelivered: 1200 }] })).toContain(
      '1,200 in hand were delivered again, not recovered',
    );
  });

  test.each([
    ['passed', [], /\npassed: there was no threshold to fail\n$/],
    ['invalid', ['a', 'b'], /\ninvalid: the numbers say little of the target\n {2}a\n {2}b\n$/],
    [
      'stopped',
      ['the target ran short of memory'],
      /\nstopped before its time\n {2}the target ran short of memory\n$/,
    ],
  ] as const)('a run that is %s says so last', (verdict, reasons, end) => {
    expect(text({ verdict, reasons: [...reasons], thresholds: [] })).toMatch(end);
  });
});

describe('in JUnit', () => {
  test.each(['invalid', 'stopped'] as const)(
    'a run that is %s fails, whatever its thresholds say',
    (verdict) => {
      const document = formatJunit([{ ...base, verdict, reasons: ['the generator was the limit'] }]);
      expect(outlineOf(document).failures).toBe(1);
      expect(document).toMatch(
        /name="the run is valid"><failure message="[^"]*; the generator was the limit">/,
      );
    },
  );

  test('a threshold with nothing to judge is no pass', () => {
    const thresholds = [{ text: 'lag < 10', holds: null, values: { lag: null } }];
    const document = formatJunit([{ ...base, verdict: 'passed', reasons: [], thresholds }]);
    expect(outlineOf(document).failures).toBe(1);
    expect(document).toContain('<failure message="there was nothing to judge: lag is not known">');
  });
});

test('names and reasons that hold markup, quotes and control characters stay text', () => {
  const nasty = `</script><img src=x onerror=alert(1)>&"'\u0001\u001b[31m|\n# x\ud800]]>`;
  const result: LoadResult = {
    ...base,
    ...{ name: nasty, run: nasty, reasons: [nasty], verdict: 'failed' },
    target: { ...base.target, name: nasty, label: nasty, version: nasty },
    faults: [{ text: nasty, atMs: 1, done: false, why: nasty, redelivered: 0, recoveredMs: null }],
    thresholds: [{ text: nasty, holds: false, values: { [nasty]: 1 } }],
  };
  expect(outlineOf(formatJunit([result])).failures).toBe(1);
  const page = formatMarkdown([result]);
  expect(page.match(/^# .*$/gm)).toHaveLength(1);
  // Names stand in code spans or are escaped.
  expect(page.replace(/`[^`\n]*`/g, '')).not.toMatch(/(?<!\\)<|\x1b/);
  expect(text(result, 80)).not.toMatch(/\x1b|\x01/);
});

describe('numbers as a person reads them', () => {
  test('latencies have three digits', () => {
    const shown = [0, 0.001, 0.05, 0.4, 2.957, 85.94, 858.6, 999.7, 1404.2, 85_900, 125_000].map((ms) =>
      latencyText(ms),
    );
    expect(shown).toEqual([
      '0ms',
      '0.001ms',
      '0.05ms',
      '0.400ms',
      '2.96ms',
      '85.9ms',
      '859ms',
      '1.00s',
      '1.40s',
      '85.9s',
      '2m05s',
    ]);
    expect(latencyText(null)).toBeNull();
  });

  test('measures have the unit of their name', () => {
    const shown = ['p99', 'endToEnd.p999', 'enqueue.mean', 'rate', 'lost', 'memory', 'cpu'].map((name) =>
      measureText(name, 1234.5),
    );
    expect(shown).toEqual(['1.23s', '1.23s', '1.23s', '1,235/s', '1,235', '1.2 KiB', '1234.5 cores']);
    expect([rateText(0.5), rateText(99.9), rateText(99.96)]).toEqual(['0.5/s', '99.9/s', '100/s']);
  });
});
