/**
 * Seconds that the long files take on two cores, roughly: most of them kill processes and start them again, which
 * keeps more than one core busy. A long file that is not named here is merely started later than it might be.
 */
export const LONG: Record<string, number> = {
  'chaos/postgres-copy-kills': 80,
  'chaos/sqs-kills': 78,
  'chaos/postgres-move-kills': 68,
  'chaos/sqs-fifo-kills': 65,
  'chaos/sqs-faults': 63,
  'e2e/cutover/nights': 60,
  'chaos/cut-connections': 60,
  'chaos/failover-sentinel': 50,
  'e2e/readme': 50,
  'chaos/two-processes': 46,
  'chaos/back-sqs-kills': 46,
  'chaos/postgres-claim-kills': 43,
  'chaos/back-postgres-kills': 41,
  'contract/formats': 41,
  'e2e/drain-postgres': 37,
  'commands/process': 35,
  'chaos/format-kills': 34,
  'chaos/topologies': 32,
  'chaos/dlq-replay-kills': 32,
  'analyse/move': 31,
  'drain/runs': 30,
  'e2e/demo': 30,
  'chaos/redis-restart': 28,
  'e2e/cli': 24,
  'chaos/lost-data': 22,
  'commands/consumer-reap': 22,
  'chaos/postgres-restart': 22,
  'chaos/failover-cluster': 22,
  'drain/rewind': 22,
  'chaos/follow': 21,
  'chaos/scheduled-kills': 21,
  'chaos/failover-twice': 20,
  'chaos/back-cuts': 20,
  'breaker/circuit-breaker': 19,
  'chaos/back-failover': 18,
  'chaos/half-written-batch': 17,
  'chaos/claim-kills': 15,
  'chaos/archive-kills': 13,
  'chaos/sqs-filter-kills': 10,
};
/** What one of the two hundred others takes on average. */
export const SHORT = 3;

/** The order in which workers would ask for files if all but one of them took the long ones. */
export function inLanes<T>(long: T[], short: T[], workers: number, secondsOf: (file: T) => number): T[] {
  const order: T[] = [];
  const rest = { long: [...long], short: [...short] };
  const lanes = Array.from({ length: workers }, (_, n) => ({ free: 0, forShort: n === workers - 1 }));
  while (order.length < long.length + short.length) {
    const lane = lanes.reduce((a, b) => (b.free < a.free ? b : a));
    const [first, second] = lane.forShort ? [rest.short, rest.long] : [rest.long, rest.short];
    const file = (first.shift() ?? second.shift())!;
    lane.free += secondsOf(file);
    order.push(file);
  }
  return order;
}
