import { randomUUID } from 'node:crypto';
import { findSimilar } from '../../config/similar.ts';
import { type Bodies, bodyOf, invalid, MOST_BODY_BYTES } from './bodies.ts';
import { pick } from './random.ts';

/** Gives what stands in place of a placeholder. */
type Fill = (seq: number, key: string | null) => string;

/** What a template is compiled with. */
export interface TemplateParts {
  /** `template` or `templateFile`, for errors. */
  field: string;
  random: () => number;
  /** Whether messages have keys. */
  keyed: boolean;
}

/** Of `{{rand}}`: 2^31, what fits into the integer of any language. */
const RAND_COUNT = 2 ** 31;
const HINT =
  'there are {{seq}} {{uuid}} {{now}} {{now ms}} {{rand}} {{rand 1 100}} {{key}}; {{{{ is a literal {{';

/**
 * Bodies from a text with placeholders: `{{seq}}` from 0, `{{uuid}}`, `{{now}}` (RFC 3339, UTC), `{{now ms}}` (since
 * 1970), `{{rand}}` (0 to 2^31 - 1), `{{rand 1 100}}` (both ends included), `{{key}}`. `{{{{` is a literal `{{`.
 * Nothing is quoted or escaped: what is put in needs it in no format. Keys are `key-17`.
 *
 * @throws QctlError `config` LOAD_PAYLOAD_INVALID for a placeholder that is not known or cannot be filled
 */
export function templateBodies(text: string, parts: TemplateParts): Bodies {
  if (Buffer.byteLength(text) > MOST_BODY_BYTES)
    throw invalid(parts.field, 'is larger than 16 MiB', ['shorten it']);
  const fill = compile(text, parts);
  // With a random source of its own: looking at the size must not change the messages.
  const example = compile(text, { ...parts, random: () => 0.5 })(0, parts.keyed ? 'key-0' : null);
  return {
    next: (seq, key) => bodyOf(Buffer.from(fill(seq, key))),
    meanBytes: Buffer.byteLength(example),
  };
}

function compile(text: string, parts: TemplateParts): Fill {
  const pieces: (string | Fill)[] = [];
  let from = 0;
  for (const found of text.matchAll(/\{\{\{\{|\{\{([^{}]*)\}\}/g)) {
    pieces.push(literal(text.slice(from, found.index), parts));
    pieces.push(found[1] === undefined ? '{{' : fillOf(found[1].trim(), parts));
    from = found.index + found[0].length;
  }
  pieces.push(literal(text.slice(from), parts));
  return (seq, key) => {
    let out = '';
    for (const piece of pieces) out += typeof piece === 'string' ? piece : piece(seq, key);
    return out;
  };
}

function literal(text: string, { field }: TemplateParts): string {
  const open = text.indexOf('{{');
  if (open < 0) return text;
  const begun = JSON.stringify(text.slice(open, open + 20));
  throw invalid(field, `a placeholder is not closed: ${begun}`, ['close it with }}', HINT]);
}

/** Many messages are made within one ms, and writing a time takes as long as all the rest of a message. */
function nowText(): Fill {
  let writtenMs = -1;
  let text = '';
  return () => {
    const ms = Date.now();
    if (ms !== writtenMs) [writtenMs, text] = [ms, new Date(ms).toISOString()];
    return text;
  };
}

const FILLS: Record<string, (args: string[], parts: TemplateParts) => Fill | undefined> = {
  seq: (args) => (args.length === 0 ? String : undefined),
  uuid: (args) => (args.length === 0 ? () => randomUUID() : undefined),
  now: ([unit, ...more]) => {
    if (unit === undefined) return nowText();
    return unit === 'ms' && more.length === 0 ? () => String(Date.now()) : undefined;
  },
  rand: (args, { random }) => {
    if (args.length === 0) return () => String(pick(RAND_COUNT, random));
    const [from, to] = args.map(Number) as [number, number?];
    if (args.length !== 2 || !Number.isSafeInteger(to! - from) || to! < from) return undefined;
    if (!args.every((one) => /^-?\d+$/.test(one))) return undefined;
    return () => String(from + pick(to! - from + 1, random));
  },
  key: (args, { keyed, field }) => {
    if (!keyed)
      throw invalid(field, '{{key}} stands in it, and messages have no keys', ['set keys: { count: 100 }']);
    return args.length === 0 ? (_, key) => key! : undefined;
  },
};

function fillOf(inside: string, parts: TemplateParts): Fill {
  const [name = '', ...args] = inside.split(/\s+/);
  const maker = Object.hasOwn(FILLS, name) ? FILLS[name] : undefined;
  const fill = maker?.(args, parts);
  if (fill) return fill;
  const similar = maker ? undefined : findSimilar(name, Object.keys(FILLS));
  const problem = maker ? `cannot be meant` : 'is not known';
  throw invalid(parts.field, `placeholder {{${inside}}} ${problem}`, [
    ...(similar ? [`did you mean {{${similar}}}?`] : []),
    HINT,
  ]);
}
