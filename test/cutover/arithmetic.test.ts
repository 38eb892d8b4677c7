import { expect, test } from 'vitest';
import { arithmetic, formatDiagram, readPlan, requireBudget } from '../../src/cutover/index.ts';
import { SOME_KINDS } from './plan-kinds.ts';

const plan = (rest = '') =>
  readPlan(
    {
      text: `apiVersion: qctl/v1
name: orders
baseline: { duration: 1m }
checks:
  - { name: up, metric: http, with: { url: "http://x/health" }, success: value == 200, interval: 1s, from: never }
  - { name: slow, metric: redis.memory, success: value < 1, initialDelay: 30s, interval: 10s, failureLimit: 2, timeout: 5s, from: live }
  - { name: told, metric: redis.memory, success: value < 1, interval: 1h, dryRun: true }
  - { name: paused, metric: redis.memory, success: value < 1, interval: 1h, onFailure: pause }
steps:
  - { name: settings, envFile: { file: /etc/app.env, set: { A: 1 } }, undoTimeout: 2s }
  - { name: ask, approve: { text: 'go on?' } }
  - stage: live
    steps:
      - { name: live, route: { name: r, percent: [5, 25], hold: 10m } }
      - { name: 'odd "name" <b>; end', exec: [a], undo: [{ exec: [b], timeout: 20s, retries: 1, retryDelay: 1s }] }
  - { name: gone, exec: [rm], pointOfNoReturn: true }
rollback: { health: [up], healthTimeout: 15s${rest} }
`,
    },
    { env: {}, kinds: SOME_KINDS },
  );

test('what waits on purpose adds up, and so does every undo with the health of the old side', async () => {
  const { earliestMs, worstRollbackMs, noticeMs, parts, overBudget } = arithmetic(await plan());
  expect(earliestMs).toBe(60_000 + 2 * 600_000);
  expect(noticeMs).toBe(30_000 + 10_000 * 3 + 5_000);
  expect(parts.map(({ step, ms }) => [step, ms])).toEqual([
    ['odd-name-b-end', 41_000],
    ['rollback.healthTimeout', 15_000],
    ['live/5', 10_000],
    ['live/25', 10_000],
    ['settings', 2_000],
  ]);
  expect(worstRollbackMs).toBe(78_000);
  expect(overBudget).toBe(false);
});

test('a way back that may take longer than its budget is refused, with its longest parts', async () => {
  const tight = await plan(', budget: 77s');
  expect(() => requireBudget(tight)).toThrow(
    'the way back may take 1m18s, and rollback.budget is 1m17s: odd-name-b-end 41.0s, rollback.healthTimeout 15.0s, live/5 10.0s',
  );
  expect(() => requireBudget(tight)).toThrow(
    expect.objectContaining({ kind: 'refused', code: 'ROLLBACK_OVER_BUDGET' }),
  );
  // Messages that go back take their time as well.
  const returning = await plan(', undoTimeout: 9s, returns: [{ stream: s, group: g, to: q }]');
  expect(arithmetic(returning).parts).toContainEqual({ step: 'rollback.returns/1', ms: 9000 });
  const bearable = await plan(', budget: 78s');
  expect(() => requireBudget(bearable)).not.toThrow();
});

test('the diagram has every step in its stage, gates, checks, ways back and the point of no return', async () => {
  const lines = formatDiagram(await plan()).split('\n');
  expect(lines[0]).toBe('flowchart TD');
  expect(lines).toContain('  s2{"ask: ask: go on#63;"}');
  expect(lines.slice(lines.indexOf('  subgraph stage2 ["live"]')).slice(0, 5)).toEqual([
    '  subgraph stage2 ["live"]',
    '    s3["live/5: route r 5#37;"]',
    '    s4["live/25: route r 25#37;"]',
    '    s5["odd-name-b-end: run a"]',
    '  end',
  ]);
  expect(lines).toContain('  s5 -. "undo: run b" .-> s4');
  expect(lines).toContain('  c2 -.- s3');
  expect(lines).toContain('  class s6 noReturn');
  expect(lines.filter((line) => line.includes('-->'))).toHaveLength(7);
  // Between quotes nothing of Mermaid's own language is left.
  for (const line of lines) expect(line.replace(/"[^"]*"/g, '')).toMatch(/^[\w\s()[\]{}/.>|,:#=-]*$/);
});
