import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { arithmetic, RECIPES, type RecipeInputs, readPlan } from '../../src/cutover/index.ts';
import { KINDS } from './plan-kinds.ts';

const INPUTS: RecipeInputs = {
  from: 'postgres',
  source: 'alerts',
  stream: 'alert-events',
  group: 'workers',
  oldUnits: ['worker-old.service'],
  newUnits: ['worker-new.service'],
  deployments: [],
  producers: ['api.service'],
  envFile: '/etc/app env/.env',
  env: { QUEUE_TYPE: 'redis-streams', ON: 'yes' },
  route: 'alerts',
  maxPause: '30s',
};
const planOf = async (inputs: Partial<RecipeInputs>) => {
  const text = RECIPES.queue!({ ...INPUTS, ...inputs });
  return readPlan({ text, path: 'plan.yaml' }, { env: {}, kinds: KINDS });
};

test.each<[string, Partial<RecipeInputs>]>([
  ['new units beside the old ones, traffic by percent', {}],
  ['one unit switched in place by its settings', { newUnits: [], route: null }],
  ['deployments', { deployments: ['web-1', 'web-2'], producers: ['api'], route: null, from: 'sqs' }],
  ['no producers that need to be told', { producers: [], envFile: undefined }],
  [
    'names that YAML would take for something else',
    { source: 'no', stream: 'a: b', group: '5', profile: '1e3' },
  ],
])('a plan for %s passes as it is written', async (_, inputs) => {
  const plan = await planOf(inputs);
  const order = plan.steps.map(({ id }) => id);
  const position = (id: string) => order.findIndex((one) => one === id || one.startsWith(`${id}/`));
  expect(position('backlog')).toBeGreaterThan(position('in-flight'));
  expect(position('rest')).toBeGreaterThan(position('backlog'));
  expect(plan.freezes).toHaveLength(1);
  expect(position(plan.freezes[0]!.from)).toBeLessThan(position('in-flight'));
  expect(arithmetic(plan)).toMatchObject({ overBudget: false });
  const name = inputs.source ?? INPUTS.source;
  expect(plan).toMatchObject({ name: `${name}-to-redis`, variables: { source: name } });
});

test('consumers come first, then the backlog, then producers, and traffic moves by percent before', async () => {
  const { steps } = await planOf({});
  expect(steps.map(({ id }) => id).filter((id) => !id.startsWith('approve'))).toEqual([
    ...['mirror', 'start-new', 'watch-shadow', 'live/1', 'live/5', 'live/25', 'live/50', 'all'],
    ...['stop-old', 'in-flight', 'backlog', 'producers-settings', 'restart-producers', 'rest'],
    ...['keep-warm', 'complete', 'mirror-off'],
  ]);
});

test('the comparison that it leaves to be filled in passes as it stands there', async () => {
  const text = RECIPES.queue!(INPUTS).replaceAll(/^( *)# (- name: compare| {2,}\w+:)/gm, '$1$2');
  const plan = await readPlan({ text, path: 'plan.yaml' }, { env: {} });
  expect(plan.steps.find(({ id }) => id === 'compare')!.outline.does).toBe(
    'compare redis:results-old with redis:results-new by id',
  );
});

test('the plan that the documentation explains passes', async () => {
  const page = readFileSync(new URL('../../docs/cutover.md', import.meta.url), 'utf8');
  const [, text] = /```yaml\n([\s\S]*?)```/.exec(page)!;
  const plan = await readPlan({ text: text! }, { env: { DEPLOY_TOKEN: 's3cret' }, kinds: KINDS });
  expect(plan.steps.map(({ id }) => id)).toContain('stop-old/confirm');
  expect(plan.checks[0]).toMatchObject({ name: 'lag', from: 'live' });
  expect([plan.secrets, plan.variables]).toEqual([['s3cret'], { unit: 'worker-old.service' }]);
});
