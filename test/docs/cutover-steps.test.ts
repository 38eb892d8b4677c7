import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { planJsonSchema } from '../../src/cutover/index.ts';
import { STEP_KINDS } from '../../src/cutover/steps/index.ts';

interface Node {
  properties?: Record<string, Node>;
  additionalProperties?: Node;
  items?: Node;
  anyOf?: Node[];
}

const page = readFileSync(new URL('../../docs/cutover-steps.md', import.meta.url), 'utf8');
const sections = new Map(
  page.split(/^## /m).map((part) => [part.slice(0, part.indexOf('\n')), part] as const),
);
const kinds = STEP_KINDS.map(({ name }) => name);
const { steps } = planJsonSchema().properties as Record<string, Node>;
const ofStep = steps!.items!.properties!;

/** Every name of a field at any depth; where a value comes from is said once, above all kinds. */
function fieldsOf(node: Node): string[] {
  const own = Object.entries(node.properties ?? {});
  const isValue = own.length === 1 && /^(env|file)$/.test(own[0]![0]);
  const below = [node.additionalProperties, node.items, ...(node.anyOf ?? [])].filter(
    (child) => typeof child === 'object',
  );
  return [
    ...(isValue ? [] : own.flatMap(([name, child]) => [name, ...fieldsOf(child)])),
    ...below.flatMap(fieldsOf),
  ];
}

test('every kind of step has a section, in the order of the table of kinds', () => {
  expect([...sections.keys()].slice(1)).toEqual(kinds);
});

test.each(kinds)('the section of %s names every field, its undo, and whether it is repeatable', (kind) => {
  const section = sections.get(kind) ?? '';
  const fields = [...new Set(fieldsOf(ofStep[kind]!))];
  const written = [...section.matchAll(/`[^`]+`|^```[\s\S]*?^```/gm)].join(' ');
  const isNamed = (field: string) => new RegExp(`\\b${field}\\b`).test(written);
  expect(fields.filter((field) => !isNamed(field))).toEqual([]);
  expect(section).toMatch(/\*Undo\*: .*\*Repeatable\*: /s);
});
