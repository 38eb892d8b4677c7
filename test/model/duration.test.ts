import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDurationMs } from '../../src/model/duration.ts';

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['1.5s', 1500],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['0s', 0],
])('%s is %d ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([[''], ['5'], ['s'], ['-5s'], ['5 s'], ['5S'], ['1e3s'], ['5sx'], ['.5s'], ['5m '], ['1h,5m']])(
  '%j is no duration',
  (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  },
);

test('what is shown can be typed in again, and is off by at most what is not shown', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 86_400_000 }), (ms) => {
      const again = parseDurationMs(formatDuration(ms));
      expect(again).toBeDefined();
      const shown = ms < 59_950 ? 50 : ms < 3_599_500 ? 500 : ms < 86_370_000 ? 30_000 : 3_600_000;
      expect(Math.abs(again! - ms)).toBeLessThanOrEqual(shown);
    }),
    { examples: [[31_169_500]] },
  );
});

test('a minute is never shown as 60 seconds, nor an hour as 60 minutes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3 * 86_400_000 }), (ms) => {
      expect(formatDuration(ms)).not.toMatch(/(^|\D)(60(\.0)?s|60m|24h)/);
    }),
  );
  for (const ms of [59_949, 59_950, 59_999, 3_599_499, 3_599_500, 86_369_999, 86_370_000, 86_399_999])
    expect(formatDuration(ms)).not.toMatch(/(^|\D)(60(\.0)?s|60m|24h)/);
});
