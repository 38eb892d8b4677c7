import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import { QctlError } from '../errors.ts';
import type { Message } from '../model/message.ts';
import type { FieldValue } from '../model/packed.ts';

/** Stream field name -> JMESPath expression over the message (`body.type`, `attributes.tenant`, `id`). */
export type FieldMapping = Record<string, string>;

/** Why a message could not be brought into the shape asked for; it goes to quarantine. */
export class MappingFailure extends Error {}

/**
 * Compiles a mapping once. The function it returns makes an entry (name, value, …) of a message and
 * throws {@link MappingFailure} where the message does not fit: its body is no JSON though an
 * expression looks into it, or nothing at all comes out.
 */
export function compileMapping(mapping: FieldMapping): (message: Message) => FieldValue[] {
  const fields = Object.entries(mapping).map(([name, expression]) => ({
    name,
    expression,
    tree: parse(name, expression),
  }));
  const readsBody = fields.some((field) => /\bbody\s*[.[|]/.test(field.expression));
  return (message) => {
    const view = viewOf(message, readsBody);
    const entry: FieldValue[] = [];
    for (const field of fields) {
      const value = field.expression === 'body' ? message.body : evaluate(field.name, field.tree, view);
      if (value !== null && value !== undefined) entry.push(field.name, textOf(value));
    }
    if (entry.length === 0) throw new MappingFailure('no field of the mapping has a value');
    return entry;
  };
}

type Tree = ReturnType<typeof compile>;

function parse(name: string, expression: string): Tree {
  try {
    return compile(expression);
  } catch (cause) {
    throw new QctlError('config', `fields.${name}: '${expression}' is no JMESPath expression`, {
      code: 'BAD_MAPPING',
      hint: [(cause as Error).message],
      cause,
    });
  }
}

function evaluate(name: string, tree: Tree, view: unknown): unknown {
  try {
    return TreeInterpreter.search(tree, view as never);
  } catch (cause) {
    throw new MappingFailure(`field ${name}: ${(cause as Error).message}`);
  }
}

/** What an expression sees of a message. Throws {@link MappingFailure} where the body has to be JSON and is not. */
export function viewOf(message: Message, parsed: boolean): Record<string, unknown> {
  const attributes = Object.entries(message.attributes ?? {}).map(([name, { value }]) => [
    name,
    String(value),
  ]);
  const text = message.body?.toString('utf8') ?? null;
  return { ...message, body: parsed ? parseBody(text) : text, attributes: Object.fromEntries(attributes) };
}

function parseBody(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MappingFailure(`the body is not JSON: ${(cause as Error).message}`);
  }
}

function textOf(value: unknown): FieldValue {
  if (Buffer.isBuffer(value) || typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
