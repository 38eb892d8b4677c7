import { describe, expect, test } from 'vitest';
import { playExample } from './play.ts';

describe('Delphi', { timeout: 300_000 }, () => {
  test('moves its alerts to a stream and back, with one of three APIs down meanwhile', async () => {
    const text = await playExample('delphi');
    expect(text).toContain('Everything held.');
    // Two of three breakers stay closed, and the third closes by itself.
    expect(text).toMatch(/^OK email-api: closed.*\nOK llm-api: closed/m);
    expect(text).toMatch(/wazuh-api {2}half-open -> closed: recovered/);
    // A person at Slack hears of both.
    expect(text).toMatch(/WARNING circuit breaker wazuh-api is open\n +RESOLVED after/);
    expect(text).toMatch(/^result +completed$/m);
    expect(text).toMatch(/^result +rolled back, the old side is healthy$/m);
  });
});
