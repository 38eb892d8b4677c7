import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ArchiveSink } from '../../src/sinks/index.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { drainThroughKills, expectExactlyOnce, lookInto, readStream, type Scenario } from './harness.ts';

const MESSAGES = 6000;

test('an archive read into four partitions through 4 kills brings every message once', async () => {
  const folder = ownFolder('archive');
  const file = join(folder, 'all.ndjson.gz');
  const ids = await fill(file);
  const target = lookInto(sharedRedisUrl());
  const stream = uniqueName('archive');
  const scenario: Scenario = {
    command: [
      'archive',
      file,
      '--stream',
      stream,
      '--partitions',
      '4',
      '--batch',
      '50',
      '--rate',
      '1500/s',
      '--redis-url',
      sharedRedisUrl(),
    ],
    connection: ['--redis-url', sharedRedisUrl()],
    stream,
    partitions: 4,
    target,
  };
  const { report, landed, seed } = await drainThroughKills(scenario, { kills: 5 });
  expect(landed).toBeGreaterThanOrEqual(4);
  expect(report.appended).toBe(MESSAGES);
  expectExactlyOnce(await readStream(scenario), ids, `seed ${seed}`);
  target.disconnect();
  await removeFolder(folder);
});

/** One in a hundred stands there twice. */
async function fill(file: string): Promise<string[]> {
  const ids = Array.from({ length: MESSAGES }, (_, i) => String(i + 1));
  const sink = await ArchiveSink.open(file, { run: 'r', source: 's' }, new Date());
  for (let at = 0; at < MESSAGES; at += 1000) {
    const part = ids
      .slice(at, at + 1000)
      .map((id) => ({ id, key: `k${Number(id) % 97}`, body: Buffer.from(`body ${id}`) }));
    await sink.write(part);
    await sink.write(part.slice(0, 10));
  }
  await sink.close();
  return ids;
}
