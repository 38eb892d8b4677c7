import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ArchiveSource } from '../../src/sources/archive/index.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { surviveKills } from './queue-kills.ts';

test('a drain of a standard queue killed 25 times brings every message once, and each of them is in its archive', async () => {
  const folder = ownFolder('archive');
  const file = join(folder, 'webhooks.ndjson.gz');
  const ids = await surviveKills('sqs standard', false, { flags: ['--archive', file] });
  const archive = await ArchiveSource.open(file);
  const archived: string[] = [];
  for await (const part of archive.everything(1000, 1_000_000))
    archived.push(...part.map(([id]) => id.toString()));
  await archive.close();
  await removeFolder(folder);
  expect(archived.sort()).toEqual([...ids].sort());
});
