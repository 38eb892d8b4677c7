import type { RouteRow } from '../../../src/overview/index.ts';
import { shareText } from '../../../src/routing/index.ts';
import { rulesText } from '../../route/rules-text.ts';
import { ageColumn, emptyText, since } from '../cells.ts';
import type { Scene } from '../scene.ts';
import { type Table, type TopColumn, tableOf } from '../table.ts';

/** The routes: which share of the traffic goes to the new side. */
export function routesView({ snapshot }: Scene): Table {
  const columns: TopColumn<RouteRow>[] = [
    { head: 'ROUTE', rank: 0, text: ({ route }) => route, order: ({ route }) => route },
    {
      ...{ head: 'PERCENT', rank: 0, align: 'right' },
      text: ({ percent }) => shareText(percent),
      order: ({ percent }) => percent,
    },
    { head: 'RULES', rank: 2, text: ({ rules }) => rulesText(rules) },
    ageColumn({ head: 'CHANGED', rank: 1 }, ({ changedAt }) => since(changedAt, snapshot)),
    {
      head: 'BY',
      rank: 3,
      least: 8,
      text: ({ changedBy }) => changedBy,
      order: ({ changedBy }) => changedBy,
    },
    { head: 'REASON', rank: 4, least: 14, text: ({ reason }) => reason },
  ];
  return tableOf({
    columns,
    rows: snapshot.routes,
    key: ({ route }) => route,
    open: ({ route }) => ({ kind: 'route', route }),
    empty: emptyText(snapshot, ['routes'], 'there are no routes yet'),
  });
}
