import { expect, test } from 'vitest';
import { tablePace } from '../../src/analyse/forecast/pace.ts';

test('rows that are updated are foretold to take longer than rows that are deleted', () => {
  const probe = { messages: 10_000, bytes: 1_000_000, ms: 100, readMs: 40, appendMs: 60 };
  const of = (how: 'move' | 'update' | 'claim') => tablePace(probe, how, 12.8).perSecond;
  expect(of('update')).toBeLessThan(of('move') * 0.8);
  expect(of('update')).toBeGreaterThan(of('claim'));
});
