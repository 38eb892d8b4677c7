import { expect, test, vi } from 'vitest';
import { exitCodeOfReport } from '../../commands/cutover/carry-out.ts';
import { changes, movingLine, Waits } from '../../commands/cutover/follow.ts';
import { formatPlan } from '../../commands/cutover/format-plan.ts';
import { formatReport, formatStatus } from '../../commands/cutover/format-status.ts';
import { planToJson } from '../../commands/cutover/plan-json.ts';
import { formatRollbackPlan } from '../../commands/rollback.ts';
import { visibleWidth } from '../../commands/term/text.ts';
import {
  type CutoverReport,
  type CutoverStatus,
  readPlan,
  type StepStatus,
} from '../../src/cutover/index.ts';
import { SOME_KINDS } from '../cutover/plan-kinds.ts';
import { memoryIo } from './memory-io.ts';

const WIDTHS = [60, 80, 200];
const step = (id: string, state: StepStatus['state'], more: Partial<StepStatus> = {}): StepStatus => ({
  ...{ id, state, stage: null, kind: 'systemd', does: `stop ${id}.service and everything that hangs on it` },
  ...{ startedAt: null, ms: null, text: null, left: [], ...more },
});
const STATUS: CutoverStatus = {
  ...{
    run: 'orders-20261122-020000-4f2a',
    plan: 'orders',
    hash: 'sha256:aa',
    state: 'waiting',
    rehearsal: false,
  },
  ...{
    startedAt: '2026-11-22T02:00:00.000Z',
    endedAt: null,
    by: 'ann@desk',
    host: 'desk',
    pid: 12,
    alive: true,
  },
  ...{ step: 'approve-flip', stepIndex: 1, stepCount: 3 },
  waitingFor: 'approval of approve-flip: the old workers are stopped and the backlog is moved',
  waitingSince: '2026-11-22T02:10:00.000Z',
  pauseOrdered: null,
  next: { step: 'stop-old', does: 'stop worker-old.service' },
  nextAt: null,
  earliestEnd: '2026-11-22T02:40:00.000Z',
  ...{ why: null, pastNoReturn: false },
  steps: [
    step('start-new', 'applied', { ms: 3200, text: 'worker-new.service is active' }),
    step('approve-flip', 'running'),
    step('stop-old', 'pending'),
  ],
  checks: [{ check: 'lag', dryRun: false, passed: 4, failed: 1, errors: 0, inconclusive: 0, last: [] }],
  rollback: null,
};
const NOW = new Date('2026-11-22T02:12:00Z');
const widest = (text: string) => Math.max(...text.split('\n').map(visibleWidth));

test.each(WIDTHS)(
  'the status says why it waits, since when and what comes next, in %i columns',
  (columns) => {
    const text = formatStatus(memoryIo({ columns }).stdout, STATUS, NOW);
    expect(widest(text)).toBeLessThanOrEqual(columns);
    const flat = text.replace(/\s+/g, ' ');
    expect(flat).toContain('orders-20261122-020000-4f2a');
    expect(flat).toContain(
      'waiting for 2m00s: approval of approve-flip: the old workers are stopped and the backlog is moved',
    );
    expect(flat).toContain('next stop-old: stop worker-old.service');
    expect(flat).toContain('never had data');
  },
);

test('the name of a check is whole in 60 columns: it has to be typed again', () => {
  const [check] = STATUS.checks;
  const checks = [{ ...check!, check: 'lag-of-the-new-workers-in-production' }];
  const text = formatStatus(memoryIo({ columns: 60 }).stdout, { ...STATUS, checks }, NOW);
  const [first, second] = [...text.slice(text.indexOf('CHECK')).matchAll(/^\S+/gm)].slice(1).map(String);
  expect(`${first}${second}`).toBe('lag-of-the-new-workers-in-production');
});

test('a run that nobody is at work on says so, and what to type', () => {
  const text = formatStatus(memoryIo().stdout, { ...STATUS, alive: false }, NOW);
  expect(text).toMatch(/^state +waiting, nobody at work$/m);
  expect(text).toContain('qctl cutover resume orders-20261122-020000-4f2a goes on, qctl rollback');
});

const REPORT: CutoverReport = {
  ...{
    run: STATUS.run,
    plan: 'orders',
    ending: 'rollbackFailed',
    state: 'rollbackFailed',
    why: 'check lag failed',
  },
  ...{
    nothingDone: false,
    startedAt: STATUS.startedAt,
    endedAt: '2026-11-22T02:12:00.000Z',
    steps: STATUS.steps,
  },
  ...{
    checks: STATUS.checks,
    left: ['/etc/app.env was changed by others'],
    notes: [],
    journal: '/var/lib/qctl/journal',
  },
  rollback: {
    ...{ by: 'ann@desk', why: 'check lag failed: 1204 is not < 1000', startedAt: STATUS.startedAt },
    ...{ healthyMs: 4200, ms: 61_000, budgetMs: 30_000, undone: 2 },
    failures: [
      {
        step: 'stop-old',
        why: 'worker-old.service does not start',
        byHand: ['systemctl start worker-old.service'],
      },
    ],
  },
};

test.each(WIDTHS)('the report of a failed rollback tells what to do by hand, in %i columns', (columns) => {
  const text = formatReport(memoryIo({ columns }).stdout, REPORT);
  const flat = text.replace(/\s+/g, ' ');
  expect(flat).toContain('ROLLBACK FAILED: act now');
  expect(flat).toContain(
    'NOT UNDONE stop-old: worker-old.service does not start by hand: systemctl start worker-old.service',
  );
  expect(flat).toContain('1m01s of 30.0s, OVER BUDGET');
  expect(flat).toContain('old side healthy after 4.2s');
  expect(flat).toContain('--assume-undone STEP');
});

test.each<[CutoverReport['ending'], CutoverReport['state'], number]>([
  ['completed', 'completed', 0],
  ['rolledBack', 'rolledBack', 12],
  ['rollbackFailed', 'rollbackFailed', 13],
  ['stopped', 'paused', 11],
  ['stopped', 'waiting', 11],
  ['stopped', 'running', 1],
])('a run that ends %s (%s) exits with %i', (ending, state, code) => {
  expect(exitCodeOfReport({ ending, state })).toBe(code);
});

test('each change of a run is told once, and what a run has behind it is not told as new', () => {
  const first = changes(undefined, STATUS);
  expect(first.map(({ line }) => line)).toEqual([
    'run orders-20261122-020000-4f2a of orders',
    'waiting',
    'approve-flip running: stop approve-flip.service and everything that hangs on it',
  ]);
  expect(changes(STATUS, STATUS)).toEqual([]);
  const later = { ...STATUS, steps: [...STATUS.steps.slice(0, 2), step('stop-old', 'running')] };
  expect(changes(STATUS, later).map(({ line }) => line)).toEqual([
    'stop-old running: stop stop-old.service and everything that hangs on it',
  ]);
  const paused = changes(STATUS, { ...STATUS, state: 'paused', why: 'check lag', waitingFor: null });
  expect(paused.map(({ event }) => event)).toEqual([
    { type: 'state', run: STATUS.run, state: 'paused', why: 'check lag' },
  ]);
  expect(movingLine(STATUS)).toBe(`waiting 2/3 approve-flip · waiting: ${STATUS.waitingFor} · next stop-old`);
});

test('a pause that is ordered while a step goes on is told at once, and shown until it holds', () => {
  const ordered = { ...STATUS, state: 'running', waitingFor: null, pauseOrdered: 'ann@desk: p99' } as const;
  expect(formatStatus(memoryIo({ columns: 80 }).stdout, ordered, NOW)).toMatch(
    /^pause +behind the step in hand, by ann@desk: p99$/m,
  );
  const before = { ...ordered, pauseOrdered: null };
  expect(changes(before, ordered)).toEqual([
    {
      line: 'a pause is ordered, behind the step in hand, by ann@desk: p99',
      event: { type: 'pause', run: STATUS.run, by: 'ann@desk: p99' },
    },
  ]);
  expect([changes(ordered, ordered), changes(ordered, before)]).toEqual([[], []]);
  expect(movingLine(ordered)).toBe('running 2/3 approve-flip · pause behind it · next stop-old');
});

test('a log stays calm: short waits are not told, long ones once a step, whatever their numbers do', () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  const waits = new Waits(({ line }) => lines.push(line));
  const look = (waitingFor: string | null, id = 'rest') =>
    waits.look({ ...STATUS, state: waitingFor === null ? 'running' : 'waiting', waitingFor, step: id });
  try {
    for (const reason of ['a unit is starting', null, 'a unit is starting', null]) {
      look(reason);
      vi.advanceTimersByTime(900);
    }
    expect(lines).toEqual([]);
    for (const rows of [3, 2, 4]) {
      look(`${rows} rows are locked`);
      vi.advanceTimersByTime(600);
      look(`${rows + 1} rows are locked`);
      vi.advanceTimersByTime(600);
      look(null);
    }
    expect(lines).toEqual(['waiting: 4 rows are locked']);
    look('3 rows are locked', 'next');
    vi.advanceTimersByTime(1000);
    expect(lines).toHaveLength(2);
    look('an approval', 'ask');
    waits.flush();
    vi.advanceTimersByTime(5000);
    expect(lines.slice(2)).toEqual(['waiting: an approval']);
    look('what nobody hears of any more', 'last');
    waits.stop();
    vi.advanceTimersByTime(5000);
    expect(lines).toHaveLength(3);
    const told = changes(STATUS, { ...STATUS, state: 'running', waitingFor: null });
    expect(told).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});

test('the plan of a rollback has its order, what stays and how long it may take', () => {
  const preview = {
    ...{ status: { ...STATUS, pastNoReturn: true }, worstMs: 45_000, budgetMs: 60_000 },
    undo: [{ step: 'start-new', does: 'stop worker-new.service', timeoutMs: 45_000 }],
    stays: [{ step: 'gone', does: 'what rm has taken away' }],
    assumed: ['settings'],
  };
  const text = formatRollbackPlan(memoryIo({ columns: 60 }).stdout, preview);
  expect(widest(text)).toBeLessThanOrEqual(60);
  expect(text).toMatch(/1 {2}start-new {2}stop worker-new.service {2,}45s/);
  expect(text).toMatch(/^as you say +settings is undone, or healthy$/m);
  expect(text).toMatch(/^stays +gone: what rm has taken away\nat worst +45s of 1m$/m);
  expect(text).toContain('passed: not all can be undone');
});

const PLAN = `apiVersion: qctl/v1
name: orders
variables: { token: { env: API_TOKEN }, unit: worker-old.service }
checks: [{ name: lag, metric: redis.lag, with: { stream: "\${token}", group: g }, success: value < 1000, from: stop }]
freezes: [{ from: stop, to: stop, maxPause: 30s }]
steps:
  - { name: ask, approve: { text: the new side may get its first messages } }
  - { name: stop, systemd: { stop: "\${unit}" } }
  - { name: tell, exec: [curl, -H, "\${token}", http://somewhere.example.com/hooks/of/the/team], undo: none, pointOfNoReturn: true }
rollback: { budget: 5m }
`;

test.each(WIDTHS)(
  'a plan shows every step with its undo, what is asked and the times, in %i columns',
  async (columns) => {
    const plan = await readPlan(
      { text: PLAN, path: 'night.yaml' },
      { env: { API_TOKEN: 's3cret' }, kinds: SOME_KINDS },
    );
    const text = formatPlan(memoryIo({ columns }).stdout, plan);
    expect(widest(text)).toBeLessThanOrEqual(columns);
    const flat = text.replace(/\s+/g, ' ');
    for (const said of [
      'unit=worker-old.service, 1 secret',
      'lag: redis.lag, value < 1000, every 10s from stop, else rollback',
      'freeze-1: from stop to stop, 30s at most, else back',
      'asks ask: the new side may get its first messages',
      'rollback at worst 10s (stop 10s)',
      'no return from tell on',
    ])
      expect(flat).toContain(said);
    expect(text + JSON.stringify(planToJson(plan))).not.toContain('s3cret');
  },
);
