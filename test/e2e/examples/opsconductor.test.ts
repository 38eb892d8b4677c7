import { expect, test } from 'vitest';
import { playExample } from './play.ts';

test('nine streams: urgent events first, dead letters replayed, upkeep, page, alerts and load; nothing lost', async () => {
  const text = await playExample('opsconductor');
  expect(text).toContain('maxmemory-policy allkeys-lru may delete queued messages');
  expect(text).toMatch(/^result +completed$/m);
  expect(text).toMatch(/^dead-letters +opsconductor:communication:events +processors +14 /m);
  expect(text).toMatch(/^opsconductor:dead_letter:events +14 /m);
  expect(text).toContain('groups still need some (audit: 90 not delivered, 20 not acknowledged)');
  expect(text).toMatch(/^again +30 entries would be delivered again$/m);
  expect(text).toContain('in the channel: WARNING 14 dead letters');
  expect(text).toMatch(/^lost, doubled +0, 0 +ok/m);
  expect(text).toMatch(/^load: messages a second +[12]\d{3} +ok/m);
  expect(text).toContain('Everything held.');
  // On a busy machine a load test may have to be done several times.
}, 600_000);
