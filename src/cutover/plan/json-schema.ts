import * as z from 'zod';
import type { AnyStepKind } from '../step.ts';
import { STEP_KINDS } from '../steps/index.ts';
import { planSchema } from './schema.ts';

/** What the schema is called wherever it lies. */
const ID = 'urn:qctl:cutover-plan:v1';
/** The file that plans written by qctl name; `qctl cutover schema --out-file` writes it. */
export const PLAN_SCHEMA_FILE = 'cutover-plan.schema.json';

type Node = Record<string, unknown>;

/** The JSON Schema of plans, for editors: from the schemas that plans are read with. */
export function planJsonSchema(kinds: readonly AnyStepKind[] = STEP_KINDS): Node {
  const made = z.toJSONSchema(planSchema(kinds), {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    cycles: 'ref',
  }) as Node;
  const { $schema, ...rest } = withVariables(made) as Node;
  const properties = rest.properties as Record<string, Node>;
  const oneKind = kinds.map(({ name }) => ({ required: [name] }));
  const { items } = properties.steps as { items: Node };
  // A stage stands beside the kinds.
  if (oneKind.length > 0) items.oneOf = [...oneKind, { required: ['stage', 'steps'] }];
  return {
    $schema,
    $id: ID,
    title: 'Cutover plan of qctl',
    ...rest,
    // The author's own: a place for anchors.
    patternProperties: { '^x-': {} },
  };
}

const REFERENCE = { type: 'string', pattern: '\\$\\{[A-Za-z_][\\w-]*\\}' };
const FIXED = ['number', 'integer', 'boolean'];

/** Wherever something else than any text is expected, a variable may stand in its place. */
function withVariables(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withVariables);
  if (typeof node !== 'object' || node === null) return node;
  const own = node as Node;
  if (FIXED.includes(String(own.type)) || (own.type === 'string' && (own.pattern ?? own.enum)))
    return { anyOf: [own, REFERENCE] };
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [key, key === 'propertyNames' ? value : withVariables(value)]),
  );
}
