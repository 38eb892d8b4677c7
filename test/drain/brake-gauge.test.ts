import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BrakeGauge } from '../../src/drain/brake-gauge.ts';
import { counted } from '../../src/drain/brakes/probe.ts';
import { InHand } from '../../src/drain/in-hand.ts';

/** What one of several processes does next. */
const step = fc.record({
  who: fc.nat({ max: 2 }),
  what: fc.constantFrom('look', 'look', 'answer', 'answer', 'answer', 'take', 'take', 'append', 'consume'),
  count: fc.integer({ min: 1, max: 60 }),
});

test('processes that look and take in any order keep to one limit together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }),
      async (scheduler, steps) => {
        const limit = 90;
        let length = 0;
        const claims = [0, 0, 0];
        const look = scheduler.scheduleFunction(async () => counted(length, limit, 'so many'));
        const claim = scheduler.scheduleFunction(async (who: number, messages: number) => {
          claims[who] = messages;
          return claims.reduce((sum, one) => sum + one, 0) - messages;
        });
        const processes = claims.map((_, who) => {
          const hand = new InHand();
          const probe = { brake: 'max-stream-length' as const, limit, look };
          const company = {
            processes: () => 3,
            claim: (__: string, messages: number) => claim(who, messages),
          };
          return {
            hand,
            gauge: new BrakeGauge(probe, hand, company),
            looking: undefined as Promise<void> | undefined,
          };
        });
        const act = ({ who, what, count }: { who: number; what: string; count: number }): void => {
          const one = processes[who]!;
          const { hand, gauge } = one;
          if (what === 'look') {
            one.looking ??= gauge.look().finally(() => {
              one.looking = undefined;
            });
          } else if (what === 'take') hand.take(Math.min(count, gauge.room));
          else if (what === 'append') {
            const done = Math.min(count, hand.count);
            length += done;
            hand.done(done, done);
          } else if (what === 'consume') length = Math.max(0, length - count);
        };
        for (const one of steps) {
          act(one);
          if (one.what === 'answer' && scheduler.count() > 0) await scheduler.waitOne();
          await nextTurn();
          const inHand = processes.reduce((sum, { hand }) => sum + hand.count, 0);
          expect(length + inHand).toBeLessThanOrEqual(limit);
        }
        await scheduler.waitAll();
      },
    ),
    { numRuns: 1000 },
  );
});

test('a process that is alone uses all of the room, and two of them all of it between them', async () => {
  const claims = [0, 0];
  const gaugeOf = (who: number, processes: number, length: number): BrakeGauge =>
    new BrakeGauge(
      { brake: 'max-lag', limit: 90, look: async () => counted(length, 90, 'so many') },
      new InHand(),
      {
        processes: () => processes,
        claim: async (_, messages) => {
          claims[who] = messages;
          return claims[1 - who]!;
        },
      },
    );
  const alone = gaugeOf(0, 1, 20);
  await alone.look();
  expect(alone.room).toBe(70);
  claims.fill(0);
  const both = [gaugeOf(0, 2, 20), gaugeOf(1, 2, 20)];
  for (const one of both) await one.look();
  expect(both.map(({ room }) => room)).toEqual([35, 35]);
});
