// One of many processes that share breakers: calls a dependency (a Redis of its own) through each of them, again and
// again, and tells its parent what it has seen. It is the built library, as a user has it.
import { connect } from 'node:net';
import { CircuitBreaker, CircuitOpenError } from '../../dist/breaker.js';

const { redis, port, names, everyMs, options } = JSON.parse(process.argv[2]);
let socket;
const waiting = [];

/** One PING to the dependency; fails while it is away. */
function ping() {
  if (!socket || socket.destroyed) {
    socket = connect(port, '127.0.0.1');
    const own = socket;
    own.on('data', (data) => {
      for (let i = 0; i < data.toString().split('+PONG').length - 1; i += 1) waiting.shift()?.resolve();
    });
    own.on('error', () => undefined);
    own.on('close', () => {
      for (const { reject } of waiting.splice(0)) reject(new Error('the dependency is away'));
    });
  }
  return new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    socket.write('PING\r\n');
  });
}

const told = [];
const probes = [];
const breakers = names.map((name) => {
  const breaker = new CircuitBreaker(name, { redis, ...options });
  const seen = { name, breaker, ok: 0, failed: 0, rejected: 0, failedSinceOpen: 0 };
  breaker.on('transition', ({ version, from, to, cause }) => told.push({ name, version, from, to, cause }));
  return seen;
});

async function call(seen) {
  const { breaker, name } = seen;
  let probe;
  try {
    await breaker.execute(async () => {
      const { state, local } = breaker.status();
      if (state === 'half-open' && !local) probe = { name, from: performance.timeOrigin + performance.now() };
      await ping();
    });
    seen.ok += 1;
  } catch (error) {
    if (error instanceof CircuitOpenError) seen.rejected += 1;
    else seen.failed += 1;
  }
  if (probe) probes.push({ ...probe, to: performance.timeOrigin + performance.now() });
}

await Promise.all(breakers.map(({ breaker }) => breaker.ready()));
const timer = setInterval(() => {
  for (const seen of breakers) void call(seen);
}, everyMs);

process.on('message', async (question) => {
  if (question === 'stop') {
    clearInterval(timer);
    await Promise.all(breakers.map(({ breaker }) => breaker.close()));
  }
  const state = breakers.map(({ breaker, name, ok, failed, rejected }) => {
    const { state: now, local, redisTrouble } = breaker.status();
    return { name, state: now, local, away: redisTrouble !== null, ok, failed, rejected };
  });
  process.send({ state, told, probes });
  if (question === 'stop') process.disconnect();
});
process.send('ready');
