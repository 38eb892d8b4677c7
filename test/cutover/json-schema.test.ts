import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { planJsonSchema } from '../../src/cutover/index.ts';
import { planSchema } from '../../src/cutover/plan/schema.ts';
import { STEP_KINDS } from '../../src/cutover/steps/index.ts';
import { SOME_KINDS } from './plan-kinds.ts';

interface Node {
  properties?: Record<string, Node>;
  items?: Node;
  anyOf?: Node[];
  oneOf?: { required: string[] }[];
  additionalProperties?: unknown;
  required?: string[];
}

const schema = planJsonSchema(SOME_KINDS) as Node;
const step = schema.properties!.steps!.items!;

test('knows every field of a plan and of a step, and nothing else', () => {
  expect(Object.keys(schema.properties!).toSorted()).toEqual(
    Object.keys(planSchema(SOME_KINDS).shape).toSorted(),
  );
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toEqual(['apiVersion', 'name', 'steps']);
  for (const { name } of SOME_KINDS) expect(step.properties).toHaveProperty(name);
  expect(step.additionalProperties).toBe(false);
});

test('wants exactly one kind of a step, or a stage', () => {
  expect(step.oneOf!.map(({ required }) => required.join())).toEqual([
    ...SOME_KINDS.map(({ name }) => name),
    'stage,steps',
  ]);
});

test('lets a variable stand where a number is expected', () => {
  expect(step.properties!.retries!.anyOf).toEqual([
    expect.objectContaining({ type: 'integer' }),
    expect.objectContaining({ type: 'string' }),
  ]);
});

test('lies in the package as it is', () => {
  const written = readFileSync(
    new URL('../../docs/schema/cutover-plan.schema.json', import.meta.url),
    'utf8',
  );
  expect(JSON.parse(written), 'run npm run generate').toEqual(
    JSON.parse(JSON.stringify(planJsonSchema(STEP_KINDS))),
  );
});
