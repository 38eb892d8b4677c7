import type { Stage } from '../../commands/top/frame.ts';
import { frameOf } from '../../commands/top/frame.ts';
import { press } from '../../commands/top/press.ts';
import { initialState, type TopState } from '../../commands/top/state.ts';
import type {
  BreakerRow,
  DeadLetterRow,
  MoveRow,
  RedisRow,
  RouteRow,
  Series,
  Snapshot,
  StreamRow,
} from '../../src/overview/index.ts';
import { memoryIo } from './memory-io.ts';

const AT = '2026-11-22T02:00:05.000Z';

/** A stream with one group that is behind. */
export function streamRow(stream: string, over: Partial<StreamRow> = {}): StreamRow {
  return {
    ...{
      stream,
      length: 1200,
      entriesAdded: 1200,
      lastId: '1-1',
      oldestAgeMs: 7_200_000,
      lastAddedAgeMs: 850,
    },
    ...{ memoryBytes: null, inPerSecond: 12.5, outPerSecond: 9, pending: 30, lag: 250 },
    ...{ lagAtLeast: 250, lagAtMost: 250, oldestPendingAgeMs: 192_000, waiting: null, groups: [] },
    ...over,
  };
}

const REDIS: RedisRow = {
  ...{ label: 'redis://streams:6379/0', kind: 'standalone', version: '7.2.4', role: 'master' },
  ...{ uptimeMs: 86_400_000, usedMemoryBytes: 1_572_864, maxMemoryBytes: 2_097_152 },
  ...{ maxMemoryPolicy: 'noeviction', fragmentation: 1.204, clients: 14, blockedClients: 3 },
  ...{ operationsPerSecond: 1234, hitRatio: 0.954, keys: 46, evictedKeys: 0, replicas: 1, lastSave: 'ok' },
};

export const LETTERS: DeadLetterRow = {
  ...{ stream: 'orders:dead', of: ['orders'], length: 3, newestAgeMs: 61_000, oldestAgeMs: 90_000_000 },
  addedPerSecond: 0.2,
};

export const BREAKER: BreakerRow = {
  ...{ breaker: 'wazuh-api', state: 'open', verdict: 'reject', since: '2026-11-22T01:57:53.000Z' },
  ...{ why: '5 of 5 calls failed in 60s, threshold 5', by: null, reason: null, openings: 3 },
  ...{ halfOpenAt: '2026-11-22T02:00:53.000Z', calls: 5, failed: 5, slow: 0, rejected: 120 },
  ...{ lastError: 'ECONNREFUSED', lastSeenAt: AT, override: null },
};

export const MOVE: MoveRow = {
  ...{ source: 'webhooks', kind: 'sqs', stream: 'orders', oldDepth: 3000, oldInFlight: 12 },
  ...{ oldApproximate: true, oldAt: '2026-11-22T01:59:55.000Z', newDepth: 1000, why: null },
};

export const ROUTE: RouteRow = {
  ...{ route: 'orders', percent: 25, changedBy: 'ann@desk', changedAt: '2026-11-22T01:00:05.000Z' },
  rules: { keys: { 42: 'new' }, types: {}, time: [], load: null, default: 'old' },
  reason: 'first step',
};

/** A look at a server with a little of everything. */
export function sampleSnapshot(over: Partial<Snapshot> = {}): Snapshot {
  return {
    ...{ epoch: 'e', seq: 7, at: AT, intervalMs: 1000, tookMs: 20, missing: [], redis: REDIS },
    streams: [streamRow('orders'), streamRow('mails', { length: 7, lag: null, lagAtLeast: 0, lagAtMost: 7 })],
    ...{ streamsLeftOut: 0, deadLetters: [LETTERS], breakers: [BREAKER], runs: [], cutovers: [] },
    ...{ routes: [ROUTE], moves: [MOVE], stages: [] },
    ...over,
  };
}

const HISTORY: Series = {
  at: [1, 2, 3, 4],
  values: { inPerSecond: [0, 5, 10, 12.5], lag: [null, 100, 200, 250], usedMemoryBytes: [1, 2, 3, 4] },
};

/** All that a frame is made of, on a terminal of this size. */
export function stageOf(
  snapshot: Snapshot,
  size: { columns: number; rows?: number; colour?: boolean },
  over: Partial<Stage> = {},
): Stage {
  return {
    ...{ snapshot, old: null, keys: true, now: new Date(AT), detail: () => undefined },
    ...{ streamHistory: () => HISTORY, redisHistory: () => HISTORY, output: memoryIo(size).stdout },
    ...over,
  };
}

/** The state after these keys, each pressed at what was shown by then. */
export function afterKeys(
  stage: Stage,
  keys: readonly string[],
  from = initialState('streams', null),
): TopState {
  return keys.reduce((state, key) => {
    const next = press(state, key, frameOf(stage, state).extent);
    if (next === 'quit') throw new Error(`${key} quits`);
    return next;
  }, from);
}

/** What is shown after these keys, without the empty lines. */
export function shownAfter(stage: Stage, ...keys: string[]): string[] {
  return frameOf(stage, afterKeys(stage, keys)).lines.filter((line) => line !== '');
}

/** A drain that a brake holds. */
export const DRAIN: Snapshot['runs'][number] = {
  ...{ type: 'status', run: 'alerts-20261122-010005-0171', state: 'running', mode: 'move', source: 'alerts' },
  ...{ stream: 'orders', appended: 2500, open: 0, quarantined: 1, scheduled: 0, waiting: 0, processes: 2 },
  ...{ createdAt: '2026-11-22T01:00:05.000Z', finishedAt: null, startedBy: 'ann@desk', lastSeenAt: AT },
  ...{ expiresAt: null, paused: null, read: 2500, duplicatesSuppressed: 0, settled: 2500, reappended: 0 },
  ...{ nextDueAt: null, lastDueAt: null, payloadBytes: 4096, activeMs: 3_600_000, partitions: 1, lanes: 1 },
  ...{ target: 'redis://streams:6379/0', ratePerSecond: 125, remaining: 7500, etaMs: 60_000 },
  ...{ unevaluated: null, waits: [], overrides: [], enqueuedBefore: null, processesAlive: [] },
  brakes: [{ brake: '--max-lag', reason: 'workers is 2,000 behind', limit: 1000, value: 2000, since: AT }],
};

/** A cutover that waits for somebody. */
export const CUTOVER: Snapshot['cutovers'][number] = {
  ...{ run: 'orders-20261122-020000-4f2a', plan: 'orders', hash: 'h', state: 'waiting', rehearsal: false },
  ...{
    startedAt: '2026-11-22T01:59:05.000Z',
    endedAt: null,
    by: 'ann@desk',
    host: 'desk',
    pid: 7,
    alive: true,
  },
  ...{ step: 'approve-flip', stepIndex: 1, stepCount: 7, waitingFor: 'an approval of ann' },
  ...{ waitingSince: '2026-11-22T01:59:35.000Z', pauseOrdered: null, next: null, nextAt: null },
  ...{ earliestEnd: null, why: null, pastNoReturn: false, steps: [], checks: [], rollback: null },
};
