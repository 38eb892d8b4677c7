import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { liveFrame, progressLine } from '../../commands/load/live.ts';
import { visibleWidth } from '../../commands/term/text.ts';
import type { LoadProgress, LoadResult } from '../../src/load/index.ts';
import { sampleResult } from '../load/sample-result.ts';
import { memoryIo } from './memory-io.ts';

let result: LoadResult;
beforeAll(() => {
  result = sampleResult({}, { perSecond: 200 });
});

function progressAt(second: number, over: Partial<LoadProgress> = {}): LoadProgress {
  return {
    ...{ run: result.run, phase: 'measure', planned: 12_400, backlog: 12 },
    ...{ elapsedMs: second * 1000, leftMs: result.sendingMs - second * 1000 },
    counts: { ...result.counts, late: 0 },
    last: result.seconds[second - 1] ?? null,
    soFar: { p50: 2.957, p99: 4.871, max: 1404 },
    ...over,
  };
}

function frame({ columns, rows = 24, colour = false }: { columns: number; rows?: number; colour?: boolean }) {
  return liveFrame(memoryIo({ columns, rows, colour }).stderr, progressAt(50), result.seconds.slice(0, 50));
}

describe('the view of a run that is under way', () => {
  test('60 columns hold rate, percentiles, backlog, errors, the time left and the course of p99', () => {
    const lines = frame({ columns: 60 }).split('\n');
    expect(lines[0]).toMatch(/^measuring, 50\.0s, 12\.0s left {2}█{24}░{6}$/);
    expect(lines.slice(2, 6)).toEqual([
      'rate     wanted 200/s   sent 200/s   confirmed 200/s',
      expect.stringMatching(/^ {9}processed \d+\/s$/),
      'so far   p50 2.96ms   p99 4.87ms   max 1.40s',
      expect.stringMatching(/^last 1s {2}p50 \S+ms {3}p99 \S+ms {3}max \S+ms$/),
    ]);
    expect(lines).toContain('errors   failed calls 0   late 0');
    expect(lines.find((line) => line.startsWith('p99'))).toMatch(/^p99 {6}▁+ █▁+ {2}up to 1\.\d\ds$/);
  });

  test.each([40, 60, 80, 200])('nothing reaches beyond %i columns, in colours neither', (columns) => {
    for (const colour of [false, true])
      for (const line of frame({ columns, colour }).split('\n'))
        expect(visibleWidth(line)).toBeLessThanOrEqual(columns);
    expect(stripVTControlCharacters(frame({ columns, colour: true }))).toBe(frame({ columns }));
  });

  test('on a low terminal the empty lines go first', () => {
    expect(frame({ columns: 80, rows: 24 })).toContain('\n\n');
    expect(frame({ columns: 80, rows: 11 })).not.toContain('\n\n');
  });

  test('the newest seconds are at the right, and older ones leave', () => {
    // The stall of second 32 and its end have left the forty columns.
    const line = frame({ columns: 40 }).match(/^p99.*$/m)![0];
    expect(line).not.toContain(' up to 1.');
    expect(frame({ columns: 80 }).match(/^p99.*$/m)![0]).toContain(' up to 1.');
  });

  test('what goes wrong is told, in red', () => {
    const { stderr } = memoryIo({ columns: 80, colour: true });
    const counts = { ...result.counts, late: 0, errors: 3, corrupted: 1 };
    const shown = liveFrame(stderr, progressAt(50, { counts }), []);
    expect(stripVTControlCharacters(shown)).toContain('failed calls 3   late 0   corrupted 1');
    expect(shown).toContain('\x1b[31m3\x1b[39m');
    expect(shown).not.toContain('\x1b[31m0');
  });

  test('a server that does not answer, and a run before its first second', () => {
    const { stderr } = memoryIo({ columns: 80 });
    expect(liveFrame(stderr, progressAt(33), [])).toContain('queue    behind 12   server does not answer');
    const first = liveFrame(stderr, progressAt(0, { phase: 'warmup', last: null, soFar: null }), []);
    expect(first).toMatch(/^warming up, 0ms, 1m02s left/);
    expect(first).toContain('waiting for the first second');
  });
});

test('in a log a run is one line', () => {
  expect(progressLine(progressAt(50))).toBe(
    'measuring, 50.0s, 12.0s left, 200/s of 200/s, p99 4.87ms, max 1.40s, 12 behind',
  );
  const drain = progressAt(62, { phase: 'drain', leftMs: null, counts: { ...result.counts, failed: 2 } });
  expect(progressLine(drain)).toMatch(/^draining, 1m02s, .*, 12 behind, 2 errors$/);
});
