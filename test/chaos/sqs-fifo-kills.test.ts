import { test } from 'vitest';
import { surviveKills } from './queue-kills.ts';

test('a drain of a FIFO queue killed 8 times brings every message once, in the order of its group', async () => {
  await surviveKills('sqs fifo', true, { kills: 9, messages: 6000 });
});
