import type { RouteRow, Snapshot } from '../../src/overview/index.ts';
import { counted, grouped } from '../lib/format.ts';
import { Empty, Part, View } from '../parts/frame.tsx';
import { type Column, DataTable } from '../parts/table.tsx';
import { Meter, Time, Unknown } from '../parts/value.tsx';

const COLUMNS: Column<RouteRow>[] = [
  {
    key: 'route',
    name: 'Route',
    wide: 2,
    sort: (row) => row.route,
    cell: (row) => <span class="name">{row.route}</span>,
  },
  {
    key: 'percent',
    name: 'On the new side',
    wide: 2,
    sort: (row) => row.percent,
    cell: ({ route, percent }) => (
      <Meter share={percent / 100} name={`Share of ${route} on the new side`} text={`${percent}%`} />
    ),
  },
  { key: 'rules', name: 'Besides', wide: 3, cell: ({ rules }) => <Rules of={rules} /> },
  {
    key: 'by',
    name: 'Changed by',
    wide: 2,
    sort: (row) => row.changedBy,
    cell: ({ changedBy }) => changedBy ?? <Unknown why="nobody has said so" />,
  },
  {
    key: 'at',
    name: 'Changed',
    wide: 1.4,
    sort: (row) => row.changedAt,
    cell: (row) => <Time at={row.changedAt} why="nobody has said when" />,
  },
  {
    key: 'reason',
    name: 'Reason',
    wide: 3,
    cell: ({ reason }) => reason ?? <span class="dim">none given</span>,
  },
];

/** Routes: which share of the traffic goes to the new side. */
export function RoutesView({ snapshot }: { snapshot: Snapshot }) {
  const { routes } = snapshot;
  return (
    <View title="Routes" aside={<span class="dim">{counted(routes.length, 'route')}</span>}>
      <Part of={snapshot} part="routes" rows={routes.length}>
        {routes.length === 0 ? (
          <Empty title="No routes">
            A route shares traffic between the old side and the new. To make one:{' '}
            <code>qctl route set NAME --percent 5</code>
          </Empty>
        ) : (
          <DataTable
            caption="Routes"
            rows={routes}
            columns={COLUMNS}
            nameOf={(row) => row.route}
            initial="route"
          />
        )}
      </Part>
    </View>
  );
}

/** What stands above the percentage. */
function Rules({ of: { types, keys, load, time, default: side } }: { of: RouteRow['rules'] }) {
  const share = (to: number | string): string => (typeof to === 'number' ? `${to}% new` : to);
  const lines = [
    ...Object.entries(types).map(([type, to]) => `type ${type}: ${share(to)}`),
    ...(Object.keys(keys).length > 0 ? [`${counted(Object.keys(keys).length, 'key')} pinned to a side`] : []),
    ...(load
      ? [
          `${load.stream ?? load.published ?? ''}${load.group ? ` ${load.group}` : ''} above ${grouped(load.above)}: ${share(load.to)}`,
        ]
      : []),
    ...time.map(
      ({ from, to, percent, timezone }) =>
        `${from}–${to}${timezone ? ` ${timezone}` : ''}: ${share(percent)}`,
    ),
    ...(side === 'new' ? ['without a key: new'] : []),
  ];
  if (lines.length === 0) return <span class="dim">nothing</span>;
  return (
    <ul class="plain">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
