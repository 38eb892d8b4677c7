import type { Dialect } from '../../src/breaker/index.ts';
import { type Item, judgeItem, known, type Reading, type Status } from '../../src/checks/index.ts';
import { findSimilar } from '../../src/config/similar.ts';
import { formatFamilies } from '../../src/model/exposition.ts';
import { metricFamilies } from '../check/format-metrics.ts';
import type { Metric } from '../check/metrics.ts';
import type { Context } from '../context.ts';
import { lookAtForeign, type ShownForeign } from './foreign.ts';
import { foreignClause, foreignConcern } from './foreign-wording.ts';
import type { Concern } from './wording.ts';

const STATES = { closed: 0, 'half-open': 1, open: 2 };

const STATUS: Record<Concern | 'unknown', Status> = {
  open: 'critical',
  unknown: 'unknown',
  'half-open': 'warning',
  held: 'warning',
  closed: 'ok',
};

/** What `breaker check --dialect` judges. */
export async function measureForeign(
  context: Context,
  dialect: Dialect,
  names: readonly string[],
  missing: Status,
): Promise<Item<Metric>[]> {
  const { breakers, unknown, unmatched, known: all } = await lookAtForeign(context, dialect, names);
  const items = [
    ...breakers.map(foreignItem),
    ...unknown.map((name) => missingItem(name, missing, unknownText(name, all))),
    ...unmatched.map((pattern) => missingItem(pattern, missing, `no circuit breaker of ${dialect} matches`)),
  ];
  const none = `there are no circuit breakers of ${dialect}`;
  return items.length > 0 ? items : [missingItem('*', missing, none)];
}

function unknownText(name: string, all: readonly string[]): string {
  const similar = findSimilar(name, all);
  return `there is no such circuit breaker${similar === undefined ? '' : `; did you mean ${similar}?`}`;
}

function missingItem(name: string, status: Status, text: string): Item<Metric> {
  const finding = { code: 'BREAKER_MISSING', status, text };
  return { name, labels: { breaker: name }, readings: [], findings: [finding] };
}

function foreignItem(one: ShownForeign): Item<Metric> {
  const concern = foreignConcern(one);
  const code = one.locked ? 'LOCKED' : `BREAKER_${concern.toUpperCase().replace('-', '_')}`;
  const findings = [{ code, status: STATUS[concern], text: foreignClause(one) }];
  const labels = { breaker: one.name, dialect: one.dialect };
  return { name: one.name, labels, readings: readingsOf(one), findings };
}

/** Below a lock the state is not kept; of what cannot be read nothing is known. */
function readingsOf({ state, locked }: ShownForeign): Reading<Metric>[] {
  if (state === 'unknown') return [];
  const below = locked ? [] : [known('breakerState', STATES[state])];
  const lock = state === 'open' ? 4 : 3;
  return [
    ...below,
    known('breakerRejects', state === 'open' ? 1 : 0),
    known('breakerOverride', locked ? lock : 0),
  ];
}

/** The metrics of the check, without its statuses. */
export function formatForeignMetrics(breakers: readonly ShownForeign[]): string {
  return formatFamilies(metricFamilies(breakers.map((one) => judgeItem(foreignItem(one)))));
}
