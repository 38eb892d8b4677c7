import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { operateBreaker } from '../../src/breaker/index.ts';
import { tieToThisProcess } from '../support/orphans.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

const LIBRARY = fileURLToPath(new URL('../../dist/breaker.js', import.meta.url));

/** A program whose listeners all throw, and that goes on after it. */
const PROGRAM = `
import { CircuitBreaker } from '${LIBRARY}';
process.on('uncaughtException', (error) => console.log('uncaught ' + error.message));
const breaker = new CircuitBreaker('api', { redis: process.env.REDIS_URL, failureThreshold: 1, flushIntervalMs: 100 });
for (const event of ['transition', 'change', 'redis']) breaker.on(event, () => { throw new Error(event); });
await breaker.ready();
const call = (what) => breaker.execute(what).then(() => 'ok', (error) => error.message);
console.log('first', await call(() => { throw new Error('down'); }));
setInterval(async () => console.log(breaker.status().override, await call(() => 1)), 50);
`;

test('listeners that throw keep the breaker neither from its work nor calls from their results', async () => {
  const server = await startRedis();
  const redis = await connectRedis({ url: server.url });
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    env: { PATH: process.env.PATH, REDIS_URL: server.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  tieToThisProcess(child.pid);
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  const operator = { by: 'ops', host: 'desk', reason: 'test' };
  await waitFor(() => said.includes('first down') && said.includes('uncaught transition'));
  await operateBreaker(redis, 'api', { verb: 'hold', mode: 'open' }, operator);
  await waitFor(() => /open circuit breaker api is open: held open by ops@desk/.test(said));
  await operateBreaker(redis, 'api', { verb: 'release' }, operator);
  await operateBreaker(redis, 'api', { verb: 'reset' }, operator);
  await waitFor(() => said.endsWith('null ok\n'));
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await redis.close();
  await server.stop();
});
