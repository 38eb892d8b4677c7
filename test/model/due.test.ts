import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueMsOf, Now } from '../../src/model/due.ts';

const ms = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
const pad = (n: number, size = 2) => String(n).padStart(size, '0');

describe('when something is due', () => {
  test('is read from RFC 3339 and from what PostgreSQL writes, whatever the zone', () => {
    const offset = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(
        ms,
        offset,
        fc.constantFrom('T', ' '),
        fc.constantFrom('', ':'),
        (at, minutes, t, colon) => {
          const local = new Date(Math.max(0, at) + minutes * 60_000);
          fc.pre(local.getUTCFullYear() >= 1000 && local.getUTCFullYear() <= 9999);
          const text = local.toISOString().slice(0, -1).replace('T', t);
          const size = Math.abs(minutes);
          const zone = `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${colon}${pad(size % 60)}`;
          expect(dueMsOf(text + zone)).toBe(at);
          expect(dueMsOf(new Date(at).toISOString())).toBe(at);
        },
      ),
    );
  });

  test('is never before its time: what lies between two milliseconds counts as the later one', () => {
    expect(dueMsOf('2026-11-21T08:00:00.000001Z')).toBe(Date.UTC(2026, 10, 21, 8, 0, 0, 1));
    fc.assert(
      fc.property(ms, fc.integer({ min: 0, max: 999 }), (at, micros) => {
        const text = new Date(at).toISOString().replace('Z', `${pad(micros, 3)}Z`);
        expect(dueMsOf(text)).toBe(micros === 0 ? at : at + 1);
      }),
    );
  });

  test.each([
    ['2026-11-21', Date.UTC(2026, 10, 21)],
    ['2026-11-21 08:15', Date.UTC(2026, 10, 21, 8, 15)],
    ['2026-11-21 08:15:30', Date.UTC(2026, 10, 21, 8, 15, 30)],
    ['2026-11-21 08:15:30+02', Date.UTC(2026, 10, 21, 6, 15, 30)],
    ['2026-11-21 08:15:30-05:30', Date.UTC(2026, 10, 21, 13, 45, 30)],
    ['1890-01-01T00:00:00+00:19:32', undefined],
    ['2026-11-21T24:00:00Z', Date.UTC(2026, 10, 22)],
    ['12026-11-21T00:00:00Z', Date.UTC(12_026, 10, 21)],
    ['infinity', undefined],
    ['', undefined],
    ['tomorrow', undefined],
    ['1795269767938', undefined],
    ['2026', undefined],
    ['2026-02-30T00:00:00Z', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['2026-11-21T25:00:00Z', undefined],
    ['2026-11-21T08:61:00Z', undefined],
    ['2026-11-21T08:00:00Z BC', undefined],
    ['999999-01-01T00:00:00Z', undefined],
  ])('of %j', (text, expected) => {
    expect(dueMsOf(text)).toBe(expected);
  });

  test('never fails, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-0-9T :.+Z]{0,32}$/)), (text) => {
        const due = dueMsOf(text);
        expect(due === undefined || Number.isSafeInteger(due)).toBe(true);
      }),
    );
  });

  test('lies ahead by the same rule, however quickly that is told', () => {
    const near = fc.tuple(ms, fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 999 }));
    fc.assert(
      fc.property(near, ([now, step, micros]) => {
        fc.pre(now + step >= 0);
        const text = new Date(now + step).toISOString().replace('Z', `${pad(micros, 3)}Z`);
        const due = dueMsOf(text)!;
        const data = Buffer.from(`before ${text} behind`);
        expect(new Now(now).dueOf(Buffer.from(text))).toBe(due > now ? due : undefined);
        expect(new Now(now).isPast(data, 7, text.length)).toBe(due <= now);
      }),
    );
  });
});
