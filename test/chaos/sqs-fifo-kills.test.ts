import { test } from 'vitest';
import { surviveKills } from './queue-kills.ts';

test('a drain of a FIFO queue killed 25 times brings every message once, in the order of its group', async () => {
  await surviveKills('sqs fifo', true);
});
