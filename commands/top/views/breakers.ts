import { formatDuration } from '../../../src/model/duration.ts';
import type { BreakerRow, Snapshot } from '../../../src/overview/index.ts';
import { CONCERNS, type Concern, SILENT_AFTER_MS, stateText } from '../../breaker/wording.ts';
import { grouped } from '../../term/number.ts';
import { ageColumn, countColumn, emptyText, since } from '../cells.ts';
import type { Scene } from '../scene.ts';
import { type Paint, type Table, type TopColumn, tableOf } from '../table.ts';

/** The circuit breakers, the worst first. */
export function breakersView({ snapshot }: Scene): Table {
  const rank = (row: BreakerRow) => CONCERNS.indexOf(concernOf(row));
  return tableOf({
    columns: columnsAt(snapshot),
    rows: snapshot.breakers.toSorted((a, b) => rank(a) - rank(b)),
    key: ({ breaker }) => breaker,
    open: ({ breaker }) => ({ kind: 'breaker', breaker }),
    empty: emptyText(snapshot, ['breakers'], 'there are no circuit breakers'),
  });
}

function columnsAt(snapshot: Snapshot): TopColumn<BreakerRow>[] {
  return [
    { head: 'BREAKER', rank: 0, text: ({ breaker }) => breaker, order: ({ breaker }) => breaker },
    {
      head: 'STATE',
      rank: 0,
      text: stateText,
      order: (row) => -CONCERNS.indexOf(concernOf(row)),
      paint: paintOf,
    },
    ageColumn({ head: 'SINCE', rank: 1 }, (row) => since(row.override?.since ?? row.since, snapshot)),
    { head: 'NEXT', rank: 2, least: 16, text: (row) => nextText(row, snapshot) },
    {
      ...{ head: 'FAILED', rank: 4, align: 'right' },
      text: ({ failed, calls }) => `${grouped(failed)}/${grouped(calls)}`,
      order: ({ failed }) => failed,
    },
    countColumn({ head: 'REJECTED', rank: 5 }, ({ rejected }) => rejected),
    { head: 'SEEN', rank: 6, align: 'right', text: (row) => seenText(row, snapshot) },
    { head: 'WHY', rank: 3, least: 16, text: whyText },
  ];
}

/** What is wrong with it, as `breaker list` ranks it. */
export function concernOf({ override, verdict, state }: BreakerRow): Concern {
  if (!override) return state;
  return verdict === 'reject' ? 'open' : 'held';
}

const PAINT: Record<Concern, Paint | undefined> = {
  open: 'red',
  'half-open': 'yellow',
  held: 'yellow',
  closed: undefined,
};

function paintOf(row: BreakerRow): Paint | undefined {
  return PAINT[concernOf(row)];
}

/** What happens next by itself; null where nothing does. */
export function nextText({ override, state, halfOpenAt }: BreakerRow, { at }: Snapshot): string | null {
  const now = Date.parse(at);
  if (override)
    return override.until === null
      ? 'until released'
      : `ends in ${formatDuration(Math.max(0, Date.parse(override.until) - now))}`;
  if (state !== 'open') return null;
  const left = halfOpenAt === null ? 0 : Date.parse(halfOpenAt) - now;
  return left > 0 ? `probe in ${formatDuration(left)}` : 'probe is due';
}

/** The reason of the override, else that of the state; null where there is nothing to say. */
export function whyText({ override, why }: BreakerRow): string | null {
  return override ? `${override.by}@${override.host}: ${override.reason}` : why;
}

function seenText({ lastSeenAt }: BreakerRow, snapshot: Snapshot): string | null {
  const ms = since(lastSeenAt, snapshot);
  if (ms === null) return null;
  return ms < SILENT_AFTER_MS ? 'now' : formatDuration(ms);
}
