// What one would write without a load generator: one call, its answer awaited and timed, then the next one.
import { Redis } from 'ioredis';

const [url = '', calls = '', bytes = ''] = process.argv.slice(2);
const client = new Redis(url);
const body = 'x'.repeat(Number(bytes));
const times: number[] = [];
await client.ping();
const from = performance.now();
for (let at = 0; at < Number(calls); at += 1) {
  const sent = performance.now();
  await client.xadd('bench', '*', 'id', `load-20261122-120000-abcd-${at}`, 'body', body);
  times.push(performance.now() - sent);
}
process.stdout.write(String((times.length * 1000) / (performance.now() - from)));
client.disconnect();
