import type { Dialect } from '../../src/breaker/index.ts';
import { findSimilar } from '../../src/config/similar.ts';
import type { Hints } from '../../src/errors.ts';
import type { Context } from '../context.ts';
import { usageError } from '../stream-work.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import type { Column } from '../term/table.ts';
import { formatForeignMetrics } from './check-foreign.ts';
import { type ChosenForeign, lookAtForeign, type ShownForeign } from './foreign.ts';
import {
  foreignConcern,
  foreignNextText,
  foreignSinceText,
  foreignStateText,
  foreignWhyText,
} from './foreign-wording.ts';
import { timeOf } from './to-json.ts';
import { formatWithWhy } from './why-table.ts';
import type { Concern } from './wording.ts';

/** The worst first: what cannot be read may be open. */
const ORDER = ['open', 'unknown', 'half-open', 'held', 'closed'];

/** `qctl breaker list --dialect LIBRARY`: what another library keeps in Redis; reads only. */
export async function runForeignList(
  context: Context,
  dialect: Dialect,
  names: string[],
  state: Concern | undefined,
): Promise<void> {
  const { io, options } = context;
  const chosen = await lookAtForeign(context, dialect, names);
  refuseUnknown(dialect, chosen);
  const breakers = chosen.breakers.filter((one) => isWanted(one, state)).sort((a, b) => rank(a) - rank(b));
  noteNothing(context, dialect, chosen, breakers);
  await renderResult(io, options, {
    type: 'foreign-breaker',
    data: breakers.map(toJson),
    table: () => (breakers.length === 0 ? '' : formatForeign(io.stdout, breakers)),
    prometheus: () => formatForeignMetrics(breakers),
  });
}

const rank = (one: ShownForeign) => ORDER.indexOf(foreignConcern(one));

function isWanted(one: ShownForeign, state: Concern | undefined): boolean {
  if (state === 'held') return one.locked;
  return state === undefined || foreignConcern(one) === state;
}

function refuseUnknown(dialect: Dialect, { unknown: [name], known }: ChosenForeign): void {
  if (name === undefined) return;
  const similar = findSimilar(name, known);
  const text = `there is no circuit breaker ${name} of ${dialect} in Redis`;
  const list = `'qctl breaker list --dialect ${dialect}' shows them`;
  const hints: Hints = similar === undefined ? [list] : [`did you mean ${similar}?`, list];
  throw usageError(text, 'BREAKER_UNKNOWN', ...hints);
}

function noteNothing(
  { io, options }: Context,
  dialect: Dialect,
  { breakers, unmatched }: ChosenForeign,
  shown: readonly ShownForeign[],
): void {
  if (options.quiet || !io.stderr.isTTY) return;
  for (const pattern of unmatched) io.stderr.write(`no circuit breaker of ${dialect} matches ${pattern}\n`);
  if (unmatched.length > 0 || shown.length > 0) return;
  const none = breakers.length > 0 ? 'is in this state' : 'is in this Redis';
  io.stderr.write(`no circuit breaker of ${dialect} ${none}\n`);
}

function formatForeign(output: Output, breakers: readonly ShownForeign[]): string {
  const columns: Column<ShownForeign>[] = [
    { head: 'BREAKER', value: ({ name }) => name, whole: true },
    {
      ...{ head: 'STATE', value: foreignStateText, whole: true },
      style: (text, one) => painted(output, text, one),
    },
    { head: 'SINCE', value: foreignSinceText, align: 'right' },
    { head: 'NEXT', value: foreignNextText, whole: true },
    { head: 'FAILURES', value: failuresText, align: 'right' },
  ];
  return formatWithWhy(output, columns, { head: 'WHY', text: foreignWhyText }, breakers);
}

function failuresText({ failures }: ShownForeign): string | null {
  return failures === null ? null : grouped(failures);
}

function painted(output: Output, text: string, one: ShownForeign): string {
  const concern = foreignConcern(one);
  if (concern === 'closed') return text;
  return colourOf(output)[concern === 'open' ? 'red' : 'yellow'](text);
}

function toJson({ name, dialect, ...one }: ShownForeign): object {
  return {
    breaker: name,
    dialect,
    state: one.state,
    locked: one.locked,
    failures: one.failures,
    since: timeOf(one.sinceMs),
    nextChange: timeOf(one.nextChangeMs),
    lastError: one.lastError,
    lastErrorAt: timeOf(one.lastErrorAtMs),
    note: one.note,
    now: timeOf(one.nowMs),
  };
}
