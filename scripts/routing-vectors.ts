import { bucketOf, decide, type Route, type RouteQuestion } from '../src/routing/index.ts';

const NOBODY = { version: 1, changedBy: null, changedAt: null, reason: null };
const ORDERS: Route = {
  name: 'orders',
  percent: 25,
  types: { refund: 'new', audit: 'old', report: 50 },
  keys: { '42': 'old', 'customer-7': 'new' },
  load: { stream: 'orders', above: 10_000, to: 'old' },
  time: [{ from: '22:00', to: '06:00', days: ['sat'], percent: 'new' }],
  default: 'old',
  ...NOBODY,
};
const PLAIN: Route = { ...ORDERS, types: {}, keys: {}, load: null, time: [] };

const KEYS = [
  '1',
  '2',
  '42',
  'customer-7',
  'a',
  'orders',
  'ä',
  '订单',
  '🚚',
  'a b',
  'a:b',
  '0',
  'x'.repeat(80),
];
const NAMES = ['orders', 'webhook-events', 'a:b', 'zahlungen-ä'];

/** Sunday 2026-11-22, 12:00 UTC. */
const NOON = Date.UTC(2026, 10, 22, 12);
/** The night to that day. */
const NIGHT = Date.UTC(2026, 10, 22, 2);

const QUESTIONS: { route: Route; ask: RouteQuestion }[] = [
  { route: ORDERS, ask: { key: '42', type: 'refund', now: NOON } },
  { route: ORDERS, ask: { key: '1', type: 'refund', now: NOON } },
  { route: ORDERS, ask: { type: 'refund', now: NOON } },
  { route: ORDERS, ask: { key: '1', type: 'audit', now: NIGHT } },
  ...KEYS.slice(0, 6).map((key) => ({ route: ORDERS, ask: { key, type: 'report', now: NOON } })),
  { route: ORDERS, ask: { type: 'report', now: NOON } },
  { route: ORDERS, ask: { key: '1', now: NIGHT } },
  { route: ORDERS, ask: { key: '1', now: NIGHT, load: 20_000 } },
  { route: ORDERS, ask: { key: '2', now: NOON, load: 10_001 } },
  { route: ORDERS, ask: { key: '2', now: NOON, load: 10_000 } },
  { route: { ...ORDERS, load: { ...ORDERS.load!, to: 60 } }, ask: { key: '2', now: NOON, load: 20_000 } },
  ...[0, 0.01, 25, 99.99, 100].flatMap((percent) =>
    ['1', '2', 'a', undefined].map((key) => ({ route: { ...PLAIN, percent }, ask: { key, now: NOON } })),
  ),
  { route: { ...PLAIN, default: 'new' }, ask: { now: NOON } },
];

/** What docs/routing-vectors.json holds: answers that every implementation must give. */
export function routingVectors(): string {
  const buckets = NAMES.flatMap((name) => KEYS.map((key) => ({ name, key, bucket: bucketOf(name, key) })));
  const seeded = KEYS.slice(0, 4).map((key) => ({
    ...{ name: 'orders', seed: 'sample', key },
    bucket: bucketOf('orders', key, 'sample'),
  }));
  const decisions = QUESTIONS.map(({ route, ask }) => {
    const { key = null, type = null, now, load = null } = ask;
    const { side, rule, bucket } = decide(route, ask);
    const { version: _v, changedBy: _b, changedAt: _a, reason: _r, ...rules } = route;
    return { route: rules, key, type, now: new Date(now).toISOString(), load, side, rule, bucket };
  });
  const lines = (list: object[]) => list.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
  return `{
  "algorithm": "first 32 bits of SHA-1 of NAME:KEY in UTF-8, big-endian, modulo 10000; with a seed NAME#SEED:KEY",
  "buckets": [
${lines([...buckets, ...seeded])}
  ],
  "decisions": [
${lines(decisions)}
  ]
}
`;
}
