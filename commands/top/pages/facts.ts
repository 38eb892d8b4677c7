import type { Snapshot } from '../../../src/overview/index.ts';
import { ruleLines } from '../../../src/routing/index.ts';
import { stateText } from '../../breaker/wording.ts';
import { formatStatus as formatCutover } from '../../cutover/format-status.ts';
import { formatStatus as formatRun } from '../../drain/format-status.ts';
import { grouped } from '../../term/number.ts';
import { type CellValue, formatFields } from '../../term/table.ts';
import type { Place } from '../place.ts';
import type { Scene } from '../scene.ts';
import { type Text, textOf } from '../table.ts';
import { nextText, whyText } from '../views/breakers.ts';
import { oldText } from '../views/moves.ts';

type FactPlace = Extract<Place, { kind: 'breaker' | 'run' | 'cutover' | 'move' | 'route' }>;

/** All that is known of one row, as fields; what is not in the snapshot any more says so. */
export function factsPage(scene: Scene, place: FactPlace): Text {
  return textOf(factsOf(scene, place) ?? 'it is not there any more');
}

function factsOf({ snapshot, output }: Scene, place: FactPlace): string | undefined {
  const at = new Date(snapshot.at);
  switch (place.kind) {
    case 'run': {
      const run = snapshot.runs.find(({ run }) => run === place.run);
      return run && formatRun(output, run);
    }
    case 'cutover': {
      const run = snapshot.cutovers.find(({ run }) => run === place.run);
      return run && formatCutover(output, run, at);
    }
    case 'breaker': {
      const breaker = snapshot.breakers.find(({ breaker }) => breaker === place.breaker);
      return breaker && formatFields(output, breakerLines(breaker, snapshot));
    }
    case 'move': {
      const move = snapshot.moves.find(
        ({ source, stream }) => source === place.source && stream === place.stream,
      );
      return move && formatFields(output, moveLines(move));
    }
    case 'route': {
      const route = snapshot.routes.find(({ route }) => route === place.route);
      return route && formatFields(output, routeLines(route));
    }
  }
}

type Fact = readonly [name: string, value: CellValue];

function breakerLines(row: Snapshot['breakers'][number], snapshot: Snapshot): Fact[] {
  const { override } = row;
  return [
    ['breaker', row.breaker],
    ['state', stateText(row)],
    ['next call', row.verdict],
    ['since', override?.since ?? row.since],
    ['next', nextText(row, snapshot)],
    ['why', whyText(row)],
    ...(override ? [['until', override.until ?? 'until released'] as const] : []),
    ...(override?.forgotten
      ? [['forgotten', `stands for a day or longer: qctl breaker release ${row.breaker}`] as const]
      : []),
    ...(override ? [['below it', row.why] as const] : []),
    ['moved by', row.by],
    ['reason', row.reason],
    ['openings', grouped(row.openings)],
    ['calls', grouped(row.calls)],
    ['failed', grouped(row.failed)],
    ['slow', grouped(row.slow)],
    ['rejected', grouped(row.rejected)],
    ['last error', row.lastError],
    ['last seen', row.lastSeenAt],
  ];
}

function moveLines(row: Snapshot['moves'][number]): Fact[] {
  const { oldInFlight, newDepth } = row;
  return [
    ['source', row.source],
    ['kind', row.kind],
    ['stream', row.stream],
    ['old, ready', oldText(row)],
    ['old, in flight', oldInFlight === null ? null : grouped(oldInFlight)],
    ['counted', row.oldAt],
    ['new, not finished', newDepth === null ? null : grouped(newDepth)],
    ['why', row.why],
  ];
}

function routeLines({
  route,
  percent,
  rules,
  changedAt,
  changedBy,
  reason,
}: Snapshot['routes'][number]): Fact[] {
  return [
    ['route', route],
    ...ruleLines({ ...rules, percent }).map(({ what, text }): Fact => [what, text]),
    ['changed', [changedAt, changedBy && `by ${changedBy}`].filter(Boolean).join(' ')],
    ['reason', reason],
  ];
}
