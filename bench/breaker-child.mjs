// In a process of its own: what `execute` of a closed, shared breaker costs over the bare call, beside opossum; and
// how many commands Redis gets while 100,000 calls a second go through. Prints JSON.
import { setTimeout as sleep } from 'node:timers/promises';
import Opossum from 'opossum';
import { CircuitBreaker } from '../dist/breaker.js';

const [, , redis, roundsText] = process.argv;
const CALLS = 200_000;
const call = async () => 1;

async function time(run) {
  const from = process.hrtime.bigint();
  for (let i = 0; i < CALLS; i += 1) await run();
  return Number(process.hrtime.bigint() - from) / CALLS;
}

const breaker = new CircuitBreaker('bench', { redis, failureThreshold: 5 });
const timed = new CircuitBreaker('bench-slow', { redis, slowCallDuration: '10s' });
await Promise.all([breaker.ready(), timed.ready()]);
const opossum = new Opossum(call, { timeout: false });
const ways = {
  bare: () => call(),
  ours: () => breaker.execute(call),
  timed: () => timed.execute(call),
  opossum: () => opossum.fire(),
};

const rounds = [];
for (const run of Object.values(ways)) await time(run);
for (let round = 0; round < Number(roundsText); round += 1) {
  const names = Object.keys(ways);
  if (round % 2 === 1) names.reverse();
  const took = {};
  for (const name of names) took[name] = await time(ways[name]);
  rounds.push(took);
}
opossum.shutdown();

process.stdout.write(`${JSON.stringify({ rounds })}\n`);
await new Promise((resolve) => process.stdin.once('data', resolve));
const SECONDS = 5;
const from = performance.now();
let done = 0;
while (performance.now() - from < SECONDS * 1000) {
  const due = Math.floor((performance.now() - from) * 100) - done;
  for (let i = 0; i < due; i += 1) void breaker.execute(call);
  done += due;
  await sleep(5);
}
process.stdout.write(`${JSON.stringify({ calls: done, ms: performance.now() - from })}\n`);
await new Promise((resolve) => process.stdin.once('data', resolve));
await Promise.all([breaker.close(), timed.close()]);
process.exit(0);
