import { expect, test } from 'vitest';
import { playExample } from './play.ts';

test('tapio: every way to route, a shadow run, and two cutovers that go back by themselves', {
  timeout: 300_000,
}, async () => {
  const text = await playExample('tapio');
  expect(text).toContain('Everything held.');
  expect(text).toMatch(/^mismatched ev-\d+ /m);
  expect(text).toMatch(/rolled back: check v2-errors failed 4 times/);
  expect(text).toMatch(/rolled back: check v2-latency failed 4 times/);
  expect(text).toMatch(/^result +completed/m);
});
