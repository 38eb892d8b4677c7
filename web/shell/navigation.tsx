import type { Snapshot } from '../../src/overview/index.ts';
import { grouped, shortNumber } from '../lib/format.ts';
import { placeHash } from '../lib/place.ts';
import { CUTOVER_ENDS, isHeld, isStopped } from '../lib/states.ts';

interface Item {
  view: string;
  /** Views that belong to it. */
  also?: string;
  name: string;
  count?: (snapshot: Snapshot) => number;
  /** How many of them want somebody's attention, and what they are called. */
  alarms?: (snapshot: Snapshot) => number;
  alarm?: string;
}

const ITEMS: Item[] = [
  { view: 'overview', name: 'Overview' },
  { view: 'streams', also: 'stream', name: 'Streams', count: ({ streams }) => streams.length },
  {
    view: 'dead-letters',
    name: 'Dead letters',
    alarms: ({ deadLetters }) => deadLetters.reduce((sum, { length }) => sum + length, 0),
    alarm: 'dead letters',
  },
  {
    view: 'breakers',
    name: 'Breakers',
    count: ({ breakers }) => breakers.length,
    alarms: ({ breakers }) => breakers.filter(({ verdict }) => verdict !== 'pass').length,
    alarm: 'not passing',
  },
  {
    view: 'drains',
    name: 'Drains',
    count: ({ runs }) => runs.length,
    alarms: ({ runs }) => runs.filter((run) => isHeld(run) || isStopped(run)).length,
    alarm: 'held or stopped',
  },
  {
    view: 'cutovers',
    name: 'Cutovers',
    count: ({ cutovers }) => cutovers.length,
    alarms: ({ cutovers }) =>
      cutovers.filter(({ state }) => !CUTOVER_ENDS.has(state) && state !== 'running').length,
    alarm: 'not moving',
  },
  { view: 'routes', name: 'Routes', count: ({ routes }) => routes.length },
  { view: 'moves', name: 'Old and new', count: ({ moves }) => moves.length },
  { view: 'processing', name: 'Processing' },
];

/** The views, each with how many there are and how many of them want attention. */
export function Navigation({ snapshot, here }: { snapshot: Snapshot | null; here: string }) {
  const known = ITEMS.some(({ view, also }) => view === here || also === here) ? here : 'overview';
  return (
    <nav class="nav" aria-label="Views">
      <ul>
        {ITEMS.map((item) => (
          <li key={item.view}>
            <a
              href={placeHash([item.view])}
              aria-current={item.view === known || item.also === known ? 'page' : undefined}
            >
              <span>{item.name}</span>
              <Counts item={item} snapshot={snapshot} />
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Counts({ item, snapshot }: { item: Item; snapshot: Snapshot | null }) {
  const count = snapshot && item.count?.(snapshot);
  const alarms = (snapshot && item.alarms?.(snapshot)) || 0;
  if (alarms > 0)
    return (
      <span class="alarms">
        {shortNumber(alarms)}
        <span class="hidden"> {item.alarm}</span>
      </span>
    );
  return count ? <span class="count">{grouped(count)}</span> : null;
}
