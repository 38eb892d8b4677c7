import { expect, test } from 'vitest';
import { runCommand } from '../commands/run-command.ts';

const at = (name: string) => new URL(`../../examples/cutover/${name}`, import.meta.url).pathname;
const plan = (name: string, ...flags: string[]) =>
  runCommand(['cutover', 'plan', at(name), ...flags, '--config', at('qctl.yaml')], {
    env: { DEPLOY_TOKEN: 's3cret' },
  });

test.each([
  [
    'table-systemd.yaml',
    ['start-new', 'approve-flip', 'stop-old', 'in-flight', 'backlog', 'producer-settings', 'producers'],
  ],
  ['sqs-kubectl.yaml', ['first', 'look', 'producers', 'approve-all', 'all/deployment/worker-2']],
])('the plan %s passes, consumers first, and every step of it can be undone', async (name, order) => {
  const { code, stdout, stderr } = await plan(name, '-o', 'json');
  expect([code, stderr]).toEqual([0, '']);
  const { steps, times } = JSON.parse(stdout);
  expect(steps.map(({ id }: { id: string }) => id).slice(0, order.length)).toEqual(order);
  expect(steps.filter(({ undo }: { undo: { choice: string } }) => undo.choice === 'none')).toEqual([]);
  expect(times).toMatchObject({ overBudget: false });
  expect(stdout).not.toContain('s3cret');
});

test('their qctl.yaml has all that they name', async () => {
  const { code, stdout, stderr } = await runCommand([
    'config',
    'validate',
    '--quiet',
    '--config',
    at('qctl.yaml'),
  ]);
  expect([code, stderr, stdout]).toEqual([0, '', expect.stringContaining('valid (1 profile)')]);
});

const team = (name: string) => new URL(`../../examples/opsconductor/${name}`, import.meta.url).pathname;

test('the load profile of OpsConductor is one, and would send what it says', async () => {
  const { code, stdout } = await runCommand([
    'load',
    'run',
    team('load-all.yaml'),
    '--dry-run',
    '-o',
    'json',
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    messages: 3030,
    peakPerSecond: 1010,
    groups: 10,
    consumers: 50,
  });
});

test('the plan of OpsConductor brings consumers up first, and every step of it can be undone', async () => {
  const config = ['--config', team('qctl.yaml')];
  const { code, stdout } = await runCommand(['cutover', 'plan', team('plan.yaml'), ...config, '-o', 'json']);
  expect(code).toBe(0);
  const { steps, times } = JSON.parse(stdout);
  const ids = steps.map(({ id }: { id: string }) => id);
  expect(ids.indexOf('processors')).toBeLessThan(ids.indexOf('publisher'));
  expect(steps.filter(({ undo }: { undo: { choice: string } }) => undo.choice === 'none')).toEqual([]);
  expect(times).toMatchObject({ overBudget: false });
});
