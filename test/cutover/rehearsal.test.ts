import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../commands/run-command.ts';
import { spawnQctl } from '../support/qctl.ts';
import { waitFor } from '../support/wait.ts';
import { openWorld, type RehearsalWorld } from './rehearsal-world.ts';

let world: RehearsalWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const CHECK = 'interval: 200ms, failureLimit: 0';

/** A plan with nearly every kind of step. */
function planText({ hold = '50ms', watch = '50ms', services = true, checks = '', end = '' } = {}): string {
  const { file, url } = world;
  // Each question to a stand-in is a process.
  const asService = (text: string): string => (services ? text : '');
  return `apiVersion: qctl/v1
name: night
variables: { token: { env: DEPLOY_TOKEN } }
window: { notBefore: "2020-01-01T02:00:00Z", notAfter: "2020-01-01T05:00:00Z" }
baseline: { duration: ${watch} }
preflight: { checks: [count] }
checks:
  - { name: count, metric: redis.value, with: { key: count }, success: value < 10, ${CHECK} }
  - { name: old-up, metric: systemd.active, with: { unit: worker-old.service }, success: "value == 'active'", from: never }
  - { name: depth, metric: source.depth, with: { source: jobs }, success: value == 0, from: watch, until: watch, ${CHECK} }
${checks}
freezes: [{ name: flip, from: live, to: backlog, maxPause: 1ms }]
rollback: { health: [old-up], onInterrupt: true, returns: [{ stream: alerts, group: workers, to: jobs }] }
notify: [{ on: [started, completed, rolledBack, failed], http: { url: "${url}/told", method: POST } }]
steps:
  - { name: settings, envFile: { file: ${file('app.env')}, set: { QUEUE_TYPE: redis } } }
  - { name: files, copy: { from: ${file('new.conf')}, to: ${file('live.conf')} } }
${asService(`  - { name: script, exec: { run: [deploy, --token, "\${token}", "\${token}"], undo: [undeploy, now] } }
  - { name: manifest, exec: { run: [kubectl, apply, -f, web.yaml], undo: [kubectl, delete, -f, web.yaml] } }
  - { name: web, kubectl: { setEnv: { QUEUE_TYPE: redis }, on: deployment/web } }
  - { name: start-new, systemd: { start: worker-new.service, stable: 10ms } }
  - { name: stop-old, systemd: { stop: worker-old.service, stable: 10ms }, confirm: true }`)}
  - { name: live, route: { name: alerts, percent: [5, 50], hold: ${hold} } }
  - { name: backlog, drain: { source: jobs, group: workers } }
  - { name: lag, wait: { until: { metric: redis.value, with: { key: count }, success: value > 100 }, atMost: 1h } }
  - { name: watch, monitor: { for: ${watch}, checks: [count, depth] } }
  - { name: gate, approve: { text: the flip } }
  - { name: look, http: { url: "${url}/health" } }
  - { name: call, http: { url: "${url}/flip", method: POST, undo: { url: "${url}/flop", method: POST } } }
  - { name: keys, redis: { commands: [[SET, kept, after], [HSET, settings, mode, new]] } }
  - { name: rows, sql: { source: jobs, text: "DELETE FROM jobs", undo: "SELECT 1" } }
  - { name: tell, notify: { text: done, url: "${url}/told" } }
${end}`;
}

let plans = 0;
function planFile(text: string): string {
  plans += 1;
  const path = world.file(`plan-${plans}.yaml`);
  writeFileSync(path, text);
  return path;
}

const ARGS = () => ['--config', world.file('qctl.yaml')];
const qctl = (argv: string[], more = {}) =>
  runCommand([...argv, ...ARGS()], { url: world.server.url, env: world.env, ...more });

const READS =
  /^(systemctl .*show|systemctl is-active|kubectl (.* )?get|kubectl config current-context|kubectl version|docker compose ps)/;

/** Whatever is done: all is as it was, and services were only looked at. */
async function leavesAll<T>(act: () => Promise<T>): Promise<T> {
  const before = await world.look();
  const asked = (await world.manager.log()).length;
  const called = world.calls.length;
  const result = await act();
  const after = await world.look();
  expect(Object.keys(after)).toEqual(Object.keys(before));
  expect(after).toEqual(before);
  expect((await world.manager.log()).slice(asked).filter((call) => !READS.test(call))).toEqual([]);
  expect(world.calls.slice(called).filter((call) => call !== 'GET /health')).toEqual([]);
  return result;
}

test('a sound plan passes, and leaves all as it was', async () => {
  const file = planFile(planText({ watch: '10m' }));
  const { code, stdout, stderr } = await leavesAll(() =>
    qctl(['cutover', 'run', file, '--rehearse', '-o', 'json']),
  );
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('tok3n')]);
  expect(stdout).not.toContain('tok3n');
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ passed: true, problems: [], withoutData: [], missingUndos: [] });
  expect(report.noted).toEqual([
    ...['deploy --token *** ***', 'kubectl apply -f web.yaml', 'kubectl delete -f web.yaml'],
    'undeploy now',
  ]);
  expect(report.failing).toEqual([{ check: 'depth', why: '5 is not 0' }]);
  const untimed = report.steps.filter(({ ms }: { ms: number | null }) => ms === null);
  const undone = report.steps.filter(({ undoMs }: { undoMs: number | null }) => undoMs !== null);
  expect([untimed, undone.map(({ id }: { id: string }) => id)]).toEqual([
    [],
    ['settings', 'files', 'script', 'manifest', 'web', 'start-new', 'stop-old', 'live/5', 'live/50'],
  ]);
});

test('what the night would lack is told with exit code 99', async () => {
  const checks = `  - { name: errors, metric: redis.value, with: { key: none }, success: value < 1, from: live, ${CHECK} }
  - { name: lag, metric: redis.lag, with: { stream: nothing, group: workers }, success: value < 1, from: never }`;
  const end = `  - { name: same, envFile: { file: ${world.file('app.env')}, set: { QUEUE_TYPE: redis } } }
  - { name: once, exec: [migrate], undo: none }
  - { name: late, wait: { until: { metric: redis.value, with: { key: alerts }, success: value < 9 }, atMost: 1h }, onFailure: pause }
  - { name: never, exec: [migrate], pointOfNoReturn: true }`;
  const file = planFile(planText({ services: false, checks, end }));
  const { code, stdout } = await leavesAll(() =>
    qctl(['cutover', 'run', file, '--rehearse', '--allow-failing', 'lag']),
  );
  expect(code).toBe(99);
  expect(stdout).toMatch(/no undo +once: run migrate \(as the plan says\)/);
  expect(stdout).toMatch(/no data +check errors: .*--allow-failing errors$/m);
  expect(stdout).toMatch(/not rehearsed +same: so already/);
  expect(stdout).toMatch(/^watch .*checks count, depth measured for 50ms$/m);
  expect(stdout).toMatch(/no data +check lag: there is no number \(allowed\)/);
  expect(stdout).toMatch(/fails now +check depth: 5 is not 0/);
  expect(stdout).toMatch(/problem +.*step late failed: .*another kind of value/);
  expect(stdout).toMatch(/not run +migrate/);
  expect(stdout).toMatch(/result +not passed/);
});

test('interrupted in the middle, or refused beforehand, it leaves all as it was', async () => {
  const file = planFile(planText());
  let steps = 0;
  const interrupted = await leavesAll(() =>
    qctl(['cutover', 'run', file, '--rehearse'], {
      onStderr: (text: string, stop: () => void) => {
        if (!/web running/.test(text)) return;
        steps += 1;
        stop();
      },
    }),
  );
  expect([interrupted.code, steps > 0]).toEqual([130, true]);
  const wrong = planFile(
    planText({ services: false, end: '  - { name: wrong, systemd: { start: nobody.service } }\n' }),
  );
  const refused = await leavesAll(() => qctl(['cutover', 'run', wrong, '--rehearse']));
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('nobody.service')]);
  const resumed = await qctl(['cutover', 'run', file, '--rehearse', '--resume', 'night-1']);
  expect([resumed.code, resumed.stderr]).toEqual([2, expect.stringContaining('do not go together')]);
});

test('what one left that was killed, the next one takes away', async () => {
  const file = planFile(planText({ hold: '10m', services: false }));
  const before = await world.look();
  const killed = spawnQctl(['cutover', 'run', file, '--rehearse', ...ARGS()], {
    env: { ...world.env, REDIS_URL: world.server.url },
  });
  await waitFor(async () => (await world.redis.keys('qctl:{route:rehearsal*')).length > 0, {
    what: 'a route of the rehearsal',
  });
  killed.child.kill('SIGKILL');
  await killed.done;
  const left = await world.look();
  expect(left.tmp).toEqual([expect.stringMatching(/^qctl-sandbox-/)]);
  expect(Object.keys(left).filter((name) => name.startsWith('redis qctl:')).length).toBeGreaterThan(4);
  const next = await qctl([
    'cutover',
    'run',
    planFile(planText({ services: false })),
    '--rehearse',
    '-o',
    'json',
  ]);
  expect(next.code).toBe(0);
  expect(await world.look()).toEqual(before);
});

test('no dry run changes anything: of a plan, of a run that is to go on, of a way back', async () => {
  const small = `apiVersion: qctl/v1
name: small
steps:
  - { name: settings, envFile: { file: ${world.file('app.env')}, set: { QUEUE_TYPE: redis } } }
  - { name: web, kubectl: { setEnv: { QUEUE_TYPE: redis }, on: deployment/web } }
  - { name: live, route: { name: alerts, percent: 5 } }
  - { name: gate, approve: { text: the flip } }
  - { name: stop-old, systemd: { stop: worker-old.service } }
`;
  const file = planFile(small);
  const first = await leavesAll(() => qctl(['cutover', 'run', planFile(planText()), '--dry-run']));
  expect([first.code, first.stdout]).toEqual([3, expect.stringContaining('must not begin after')]);
  expect((await leavesAll(() => qctl(['cutover', 'run', file, '--dry-run']))).code).toBe(0);
  const held = await qctl(['cutover', 'run', file, '--yes', '--no-wait', '-o', 'json']);
  const { run } = JSON.parse(held.stdout);
  expect(held.code).toBe(11);
  const dry = async (...argv: string[]) => {
    const { code, stdout } = await leavesAll(() => qctl([...argv, '--dry-run']));
    expect([argv, code]).toEqual([argv, 0]);
    return stdout;
  };
  expect(await dry('cutover', 'resume', run)).toMatch(
    /would +goes on\nin hand +gate is done anew\nthen +gate: wait for .*\n +stop-old: stop worker-old.service/,
  );
  await dry('cutover', 'run', '--resume', run);
  await dry('cutover', 'run', file, '--resume', run);
  await dry('cutover', 'approve', run);
  expect(await dry('rollback', run)).toMatch(/1 +live .*\n.*2 +web .*\n.*3 +settings/);
  await dry('rollback');
  await leavesAll(() => qctl(['cutover', 'run', file, '--rehearse']));
  expect((await qctl(['rollback', run, '--yes'])).code).toBe(12);
});
