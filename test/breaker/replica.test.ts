import { expect, test } from 'vitest';
import { Replica } from '../../src/breaker/replica.ts';
import { waitFor } from '../support/wait.ts';

const reply = (now: number): Parameters<Replica['apply']>[0] => [`${now}`, [], [], [], 0];

test('the time of Redis goes on when a reply was longer on its way than the one before', async () => {
  const replica = new Replica();
  replica.apply(reply(1_000_000), 'one');
  await waitFor(() => replica.nowMs() >= 1_000_004);
  const before = replica.nowMs();
  replica.apply(reply(1_000_003), 'one');
  expect(replica.nowMs()).toBeGreaterThanOrEqual(before);
  await waitFor(() => replica.nowMs() > before);
});

test('a clock that was set back is followed', () => {
  const replica = new Replica();
  replica.apply(reply(1_000_000_000), 'one');
  expect(replica.nowMs()).toBeGreaterThanOrEqual(1_000_000_000);
  replica.apply(reply(999_000_000), 'one');
  expect(replica.nowMs()).toBeLessThan(999_100_000);
});
