import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBack, runBack } from '../../src/drain/index.ts';
import { startCluster, type TestCluster } from '../support/redis-topologies.ts';
import { backRequest } from './back-driver.ts';
import { ownDatabase } from './driver.ts';

let cluster: TestCluster;
let client: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  client = new Cluster(cluster.seeds);
});
afterAll(async () => {
  client.disconnect();
  await cluster.stop();
});

test('partitions of a cluster go back, each from its own node; one that holds nothing yet is no trouble', async () => {
  const db = await ownDatabase();
  await db.sql('CREATE TABLE jobs (id int PRIMARY KEY, payload text)');
  for (let n = 0; n < 60; n += 1)
    await client.xadd(
      `jobs:{${n % 3}}`,
      '*',
      'id',
      String(n),
      'body',
      `body ${n}`,
      'run',
      'r',
      'source',
      's',
    );
  for (let p = 0; p < 3; p += 1) await client.xgroup('CREATE', `jobs:{${p}}`, 'workers', '0');
  const table = { url: db.url, spec: { table: 'jobs' } };
  const request = backRequest({ source: { stream: 'jobs', partitions: 4 }, table });
  request.source.connection = { cluster: { nodes: cluster.seeds } };
  const back = await openBack(request, {}, new Date());
  expect(back.plan).toMatchObject({ undelivered: 60, partitions: 4 });
  const report = await runBack(back, {}, new AbortController().signal);
  await back.close();
  expect(report).toMatchObject({ converged: true, returned: 60, destinationCount: 60 });
  expect(await db.sql('SELECT count(*)::int AS n FROM jobs')).toEqual([{ n: 60 }]);
});
