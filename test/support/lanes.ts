/**
 * Seconds that the long files take on two cores, roughly: most of them kill processes and start them again, which
 * keeps more than one core busy. A long file that is not named here is merely started later than it might be.
 */
export const LONG: Record<string, number> = {
  'cutover/kills': 46,
  'chaos/dlq-replay-kills': 36,
  'e2e/readme': 50,
  'chaos/failover-sentinel': 64,
  'e2e/cutover/nights': 55,
  'chaos/cut-connections': 26,
  'chaos/back-sqs-kills': 28,
  'chaos/sqs-fifo-kills': 20,
  'chaos/two-processes': 35,
  'chaos/sqs-kills': 38,
  'chaos/postgres-move-kills': 36,
  'chaos/postgres-copy-kills': 32,
  'chaos/format-kills': 33,
  'contract/formats': 28,
  'chaos/sqs-faults': 32,
  'e2e/drain-postgres': 16,
  'chaos/back-postgres-kills': 20,
  'chaos/topologies': 18,
  'analyse/move': 31,
  'chaos/celery-kills': 14,
  'package/tarball': 30,
  'chaos/postgres-claim-kills': 16,
  'e2e/demo': 25,
  'drain/runs': 29,
  'chaos/failover-twice': 27,
  'chaos/redis-restart': 18,
  'cutover/rehearsal': 22,
  'e2e/cli': 21,
  'load/run-load': 22,
  'docs/commands': 30,
  'e2e/completion': 25,
  'commands/consumer-reap': 20,
  'drain/rewind': 20,
  'serve/page.browser': 20,
  'chaos/follow': 19,
  'chaos/postgres-restart': 19,
  'contract/sqs': 19,
  'chaos/failover-cluster': 18,
  'chaos/back-cuts': 17,
  'chaos/maintain-kills': 13,
  'drain/sqs-selection': 17,
  'streams/claim': 17,
  'chaos/back-failover': 16,
  'chaos/half-written-batch': 15,
  'chaos/lost-data': 15,
  'chaos/claim-kills': 14,
  'commands/claim': 14,
  'drain/sqs-receivers': 14,
  'breaker/circuit-breaker': 13,
  'analyse/formats': 12,
  'chaos/archive-kills': 9,
  'chaos/scheduled-kills': 12,
  'commands/load-run': 12,
  'commands/init': 12,
  'commands/stream-trim': 12,
  'sources/postgres-claim': 12,
  'support/servers': 12,
  'commands/dlq-export-import': 11,
  'commands/stream-sentinel': 11,
  'analyse/postgres-findings': 10,
  'commands/drain-redis': 10,
  'drain/back-taking': 10,
  'chaos/four-processes': 24,
  'commands/check-lag-bounds': 12,
  'load/compare': 18,
  'streams/claim-model': 14,
  'chaos/breakers': 14,
  'drain/source-changes': 10,
  'load/faults': 10,
};
/** What one of the two hundred others takes on average. */
export const SHORT = 2;

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
