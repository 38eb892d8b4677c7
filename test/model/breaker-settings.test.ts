import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BREAKER_SETTINGS,
  expectedFor,
  formatSetting,
  parseSetting,
  SETTING_KEYS,
  settingOf,
} from '../../src/model/breaker-settings.ts';
import { formatExactDuration, parseDurationMs } from '../../src/model/duration.ts';
import { oddSettings } from '../../src/model/odd-breaker-settings.ts';

const aSetting = fc.constantFrom(...SETTING_KEYS).chain((key) => {
  const { unit, least, most, off } = BREAKER_SETTINGS[key];
  const one =
    unit === 'percent'
      ? fc.integer({ min: least * 100, max: most * 100 }).map((hundredths) => hundredths / 100)
      : fc.integer({ min: least, max: most });
  return fc.tuple(fc.constant(key), off ? fc.oneof(one, fc.constant(0)) : one);
});

test('a setting that is shown can be typed in again and is the same', () => {
  fc.assert(
    fc.property(aSetting, ([key, value]) => {
      expect(parseSetting(key, formatSetting(key, value))).toBe(value);
    }),
  );
});

test('a duration in full is read back to the millisecond', () => {
  fc.assert(
    fc.property(fc.nat(4e9), (ms) => {
      expect(parseDurationMs(formatExactDuration(ms))).toBe(ms);
    }),
  );
});

test('whatever is typed is refused or lies within the limits', () => {
  const typed = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.double({ noNaN: true }), fc.constantFrom('', '%', 's', 'm', 'ms'))
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(fc.constantFrom(...SETTING_KEYS), typed, (key, text) => {
      const { least, most, off } = BREAKER_SETTINGS[key];
      const value = parseSetting(key, text);
      if (value === undefined || (off && value === 0)) return;
      expect(value).toBeGreaterThanOrEqual(least);
      expect(value).toBeLessThanOrEqual(most);
    }),
  );
});

test.each([
  ['failureRate', '0.5', undefined],
  ['failureRate', '1', undefined],
  ['failureRate', '0.5%', 0.5],
  ['failureRate', '50', 50],
  ['failureRate', '101%', undefined],
  ['failureThreshold', 'off', 0],
  ['failureThreshold', '5.5', undefined],
  ['openMs', '60', undefined],
  ['openMs', 'off', undefined],
  ['openMs', '90.5s', 90_500],
] as const)('%s=%s is %s', (key, text, value) => {
  expect(parseSetting(key, text)).toBe(value);
});

test('what is expected is said in the words of the one who types', () => {
  expect(expectedFor('openMs')).toBe('a duration such as 30s, from 100ms to 1d');
  expect(expectedFor('failureThreshold')).toBe('a whole number from 1, or off');
  expect(settingOf('openTime')).toBe('openMs');
  expect(settingOf('openMs')).toBeUndefined();
});

describe('odd settings', () => {
  test.each([
    [{ failureRate: 0 }, ['it never opens']],
    [
      { failureThreshold: 0, failureRate: 0, slowCallMs: 100, slowCallRate: 0 },
      ['it never opens', 'slowCallDuration'],
    ],
    [{ slowCallRate: 20 }, ['slowCallRate says nothing']],
    [{ openMs: 60_000, maxOpenMs: 30_000 }, ['maxOpenTime 30.0s is below openTime 1m00s']],
    [{ windowMs: 1000 }, ['window 1.0s is short']],
    [{ openMs: 500 }, ['openTime 500ms may be over']],
    [{ openMs: 7_200_000, maxOpenMs: 7_200_000 }, ['openTime 2h00m is long']],
    [{}, []],
    [{ failureThreshold: 5, windowMs: 60_000, openMs: 60_000, maxOpenMs: 60_000 }, []],
    [{ failureRate: 0, slowCallMs: 2000 }, []],
  ])('%j', (given, clauses) => {
    expect(oddSettings(given)).toEqual(clauses.map((clause) => expect.stringContaining(clause)));
  });
});
