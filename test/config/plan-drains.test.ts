import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPlanDrains } from '../../src/config/plan-drains.ts';

async function planOf(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'qctl-plan-')), 'cutover.yaml');
  await writeFile(file, text);
  return file;
}

test('the drains of a plan are found among its other steps', async () => {
  const path = await planOf(`
apiVersion: qctl/v1
steps:
  - name: stop the old workers
    systemd: { stop: delphi-worker }
  - name: backlog
    drain: { source: alerts, stream: alerts, partitions: 4, durability: 'wait:1', types: [low] }
  - drain: webhooks
`);
  expect(await readPlanDrains(path)).toEqual([
    {
      name: 'backlog',
      source: 'alerts',
      stream: 'alerts',
      partitions: 4,
      durability: 'wait:1',
      types: ['low'],
    },
    { name: 'step 3', source: 'webhooks' },
  ]);
});

test.each([
  ['a: 1', /a plan has a list of steps/],
  ['steps: []', /none of its steps is a drain/],
  ['steps: [{ drain: { stream: s } }]', /step 1: drain\.source/],
  ['steps: [{ name: go, drain: { source: a, partitions: 0 } }]', /go: drain\.partitions/],
  ['steps: [{ drain: { source: a, durability: disk } }]', /expected memory, wait:N or aof/],
  ['steps: [{ drain: { source: a, strean: s } }]', /strean/],
])('%s is refused with the reason', async (text, why) => {
  const failure = await readPlanDrains(await planOf(text)).catch((error) => error);
  expect(failure).toMatchObject({ kind: 'config', code: 'PLAN_INVALID' });
  expect(failure.message).toMatch(why);
  expect(failure.hint.length).toBeGreaterThan(0);
});

test('a plan that is not there is named', async () => {
  await expect(readPlanDrains('/nowhere/plan.yaml')).rejects.toMatchObject({
    code: 'PLAN_UNREADABLE',
    message: 'cannot read plan /nowhere/plan.yaml (ENOENT)',
  });
});

test('stages, variables and ways back are understood, and what is no YAML is named with its line', async () => {
  const path = await planOf(`
variables: { source: { env: SOURCE, default: alerts } }
steps:
  - stage: backlog
    steps:
      - drain: { source: "\${source}", group: workers, rate: 100, settle: 5s }
      - drain: { stream: alerts, group: workers, to: alerts }
`);
  expect(await readPlanDrains(path, { SOURCE: 'webhooks' })).toEqual([
    { name: 'step 1', source: 'webhooks' },
  ]);
  await expect(readPlanDrains(await planOf('a: 1\nsteps: ['))).rejects.toMatchObject({
    code: 'PLAN_SYNTAX',
    message: expect.stringMatching(/cutover\.yaml:2: not valid YAML/),
  });
});
