/*
 * A collector of the team: asks its router where each event goes, and writes it into the event store of V1 or the
 * stream of V2, and a copy into the shadow stream where the route of copies says so. It notes each event, once it was
 * taken, in PRODUCED_FILE with the router's decision.
 *
 * It is told what to send by its parent: { burst: { count, … } }, { rate: EVENTS A SECOND }. It answers when that is done.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { Router } from 'qctl/router';

const { env } = process;
const CATEGORIES = ['memory', 'cpu', 'network'];
const redis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
const store = new pg.Client({ connectionString: env.DATABASE_URL });
await store.connect();

let waiting = null;
const file = env.FLAGS_FILE;
// qctl measures no load for a route in a file: whoever knows the number gives it.
const router = await Router.open({ file, route: 'correlation', load: () => waiting });
const copies = await Router.open({ file, route: 'correlation-shadow' });

async function lookAtLoad() {
  if (!router.route?.load) return;
  const { rows } = await store.query("SELECT count(*)::int AS n FROM event_store WHERE state = 'pending'");
  waiting = rows[0].n;
}

let sent = 0;

function makeEvent({ category, namespace, value } = {}) {
  const n = sent++;
  const name = `team-${String(n % Number(env.NAMESPACES)).padStart(4, '0')}`;
  // Never at a limit, unless it is asked for: 90, 80 and 70 are the limits of the rules.
  const usual = (n * 37) % 100;
  return {
    id: `${env.RUN}-${String(n).padStart(6, '0')}`,
    namespace: namespace ?? name,
    category: category ?? CATEGORIES[Math.floor(n / Number(env.NAMESPACES) + n) % 3],
    value: value ?? (usual % 10 === 0 ? usual + 1 : usual),
  };
}

async function send(events) {
  const routed = events.map((event) => {
    const { side, rule } = router.decide({ key: event.namespace, type: event.category });
    const copied = side === 'old' && copies.side({ key: event.namespace }) === 'new';
    return { ...event, side, rule, copied, load: router.status.load, at: Date.now() };
  });
  await Promise.all([
    toStore(routed.filter(({ side }) => side === 'old')),
    toStream(
      env.EVENTS,
      routed.filter(({ side }) => side === 'new'),
    ),
    toStream(
      env.SHADOW,
      routed.filter(({ copied }) => copied),
    ),
  ]);
  appendFileSync(env.PRODUCED_FILE, routed.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

const bodyOf = ({ id, value }) => JSON.stringify({ event: id, value });

async function toStore(events) {
  if (events.length === 0) return;
  const columns = [
    events.map(({ id }) => id),
    events.map(({ namespace }) => namespace),
    events.map(({ category }) => category),
    events.map(bodyOf),
  ];
  await store.query(
    `INSERT INTO event_store (id, namespace, category, payload)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])`,
    columns,
  );
}

async function toStream(stream, events) {
  if (events.length === 0) return;
  const pipeline = redis.pipeline();
  for (const event of events) {
    const enqueuedAt = new Date(event.at).toISOString();
    // The shape that qctl writes, so that the way back reads every entry alike.
    const flat = ['id', event.id, 'body', bodyOf(event), 'type', event.category, 'key', event.namespace];
    pipeline.xadd(stream, '*', ...flat, 'enqueuedAt', enqueuedAt);
  }
  for (const [error] of await pipeline.exec()) if (error) throw error;
}

async function burst({ count = 0, events = [], ...like }) {
  await lookAtLoad();
  const all = [...Array.from({ length: count }, () => makeEvent(like)), ...events.map(makeEvent)];
  for (let at = 0; at < all.length; at += 250) await send(all.slice(at, at + 250));
}

let rate = 0;
let flowing = Promise.resolve();

async function flow() {
  let owed = 0;
  while (rate > 0) {
    await lookAtLoad();
    owed += rate / 40;
    const events = Array.from({ length: Math.floor(owed) }, () => makeEvent());
    owed -= events.length;
    if (events.length > 0) await send(events);
    await sleep(25);
  }
}

const orders = {
  burst,
  /** Waits until the routers have seen these versions: nothing hurries them but the file itself. */
  async knows(versions) {
    while ([router, copies].some(({ status }, at) => status.version !== versions[at])) await sleep(10);
  },
  async rate(wanted) {
    rate = wanted;
    if (wanted === 0) await flowing;
    else flowing = flow();
  },
};

process.on('message', async ({ order, what }) => {
  await orders[order](what);
  process.send({ done: order });
});
process.on('disconnect', () => process.exit());
process.send({ done: 'start' });
