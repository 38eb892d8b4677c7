import { test } from 'vitest';
import { surviveKills } from './queue-kills.ts';

test('a drain of a standard queue killed 25 times brings every message once', async () => {
  await surviveKills('sqs standard', false);
}, 120_000);
