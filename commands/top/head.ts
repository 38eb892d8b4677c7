import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Snapshot } from '../../src/overview/index.ts';
import { rateText } from '../load/words.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { printable, truncate, visibleWidth } from '../term/text.ts';
import type { Stage } from './frame.ts';
import { placeTitle, VIEW_NAMES, type ViewName } from './place.ts';
import { type Extent, pageOf, type TopState } from './state.ts';
import { concernOf } from './views/breakers.ts';
import { roleText } from './views/redis.ts';

/** What stands above the rows: the server, the views, what is chosen, what is wrong. */
export function headLines(stage: Stage, state: TopState): string[] {
  const { snapshot, old, output } = stage;
  const { red, yellow } = colourOf(output);
  const cut = (text: string) => truncate(printable(text), output.columns);
  return [
    serverLine(stage, state),
    tabsLine(stage, state.view),
    whereLine(stage, state),
    ...(old === null ? [] : [red(cut(`OLD: ${old}`))]),
    ...(snapshot.missing.length === 0 ? [] : [yellow(cut(missingText(snapshot)))]),
  ];
}

/** `1.5 MiB (75%)`. */
function usedText({ usedMemoryBytes, maxMemoryBytes }: Snapshot['redis']): string | null {
  if (usedMemoryBytes === null) return null;
  const share = maxMemoryBytes === null ? '' : ` (${Math.round((usedMemoryBytes / maxMemoryBytes) * 100)}%)`;
  return formatBytes(usedMemoryBytes) + share;
}

/** Looks that take long, or were asked for so, come seldom: what is shown is older than it seems. */
const SELDOM_MS = 5000;

function serverLine({ snapshot: { redis, at, intervalMs }, output }: Stage, { paused }: TopState): string {
  const parts = [
    redis.version && `Redis ${[redis.version, roleText(redis)].filter(Boolean).join(' ')}`,
    usedText(redis),
    rateText(redis.operationsPerSecond),
    redis.clients === null ? null : `${grouped(redis.clients)} ${redis.clients === 1 ? 'client' : 'clients'}`,
  ].filter((part) => part !== null);
  const every = intervalMs >= SELDOM_MS ? `, every ${formatDuration(intervalMs)}` : '';
  const time = `${paused ? 'PAUSED  ' : ''}${new Date(at).toTimeString().slice(0, 8)}${every}`;
  const room = output.columns - visibleWidth(time) - 2;
  // The address is what has to be read; what does not fit behind it is left out, part by part.
  let left = truncate(printable(redis.label), room);
  for (const part of parts.map(printable))
    if (visibleWidth(left) + 3 + visibleWidth(part) <= room) left += ` · ${part}`;
  const { bold, yellow } = colourOf(output);
  const blanks = ' '.repeat(Math.max(1, output.columns - visibleWidth(left) - visibleWidth(time)));
  return `${bold(left)}${blanks}${paused ? yellow(time) : time}`;
}

const TABS: Record<ViewName, string> = {
  streams: 'streams',
  'dead-letters': 'dead',
  breakers: 'breakers',
  runs: 'runs',
  redis: 'redis',
  moves: 'moves',
  routes: 'routes',
};

/** As much as there is room for: how many there are, what each view is called, or only the one in front. */
function tabsLine({ snapshot, output }: Stage, view: ViewName): string {
  const counts = countsOf(snapshot);
  const names = VIEW_NAMES.map((name, at) => `${at + 1} ${TABS[name]}`);
  const counted = names.map((text, at) => {
    const count = counts[VIEW_NAMES[at]!];
    return count === 0 ? text : `${text} (${grouped(count)})`;
  });
  const digits = VIEW_NAMES.map((name, at) => (name === view ? names[at]! : String(at + 1)));
  const forms = [
    { texts: counted, gap: '   ' },
    { texts: names, gap: ' ' },
  ];
  const { texts, gap } = forms.find(({ texts, gap }) => texts.join(gap).length <= output.columns) ?? {
    texts: digits,
    gap: ' ',
  };
  return texts.map((text, at) => tab(output, text, VIEW_NAMES[at] === view)).join(gap);
}

/** Where nothing is coloured capitals have to do. */
function tab(output: Output, text: string, current: boolean): string {
  if (!current) return text;
  return output.colour ? colourOf(output).inverse(text) : text.toUpperCase();
}

/** What calls for a look; 0 is not shown. */
function countsOf({
  streams,
  deadLetters,
  breakers,
  runs,
  cutovers,
  moves,
  routes,
}: Snapshot): Record<ViewName, number> {
  return {
    streams: streams.length,
    'dead-letters': deadLetters.reduce((sum, { length }) => sum + length, 0),
    breakers: breakers.filter((row) => concernOf(row) !== 'closed').length,
    runs: runs.filter(({ processes }) => processes > 0).length + cutovers.filter(({ alive }) => alive).length,
    redis: 0,
    moves: moves.length,
    routes: routes.length,
  };
}

/** `dead-letters › orders:dead · sorted by entries · with "refund"`. */
function whereLine({ snapshot, output }: Stage, state: TopState): string {
  const { sort, reverse, filter } = pageOf(state);
  const path = [state.view, ...state.opened.map(({ place }) => placeTitle(place))].map(printable).join(' › ');
  const parts = [
    path,
    ...(sort === null ? [] : [`sorted by ${sort}${reverse ? ', the other way round' : ''}`]),
    ...(sort === null && reverse ? ['the other way round'] : []),
    ...(filter === '' ? [] : [`with "${printable(filter)}"`]),
    ...(state.view === 'streams' && snapshot.streamsLeftOut > 0
      ? [`${grouped(snapshot.streamsLeftOut)} left out`]
      : []),
  ];
  return truncate(parts.join(' · '), output.columns);
}

function missingText({ missing }: Snapshot): string {
  return `unknown: ${missing.map(({ part, why }) => `${part} (${why})`).join(', ')}`;
}

/** The keys, or what is typed. */
export function footerLine(
  { output, keys }: Stage,
  { typing, opened, help }: TopState,
  extent: Extent,
): string {
  const { columns } = output;
  if (typing) return truncate(`/${printable(typing.text)}_`, columns);
  const hints = keys ? hintsOf(extent, opened.length > 0, help !== null) : ['Ctrl-C quit'];
  const place = placeText(extent);
  let line = hints[0]!;
  for (const hint of hints.slice(1))
    if (line.length + 2 + hint.length + 2 + place.length <= columns) line += `  ${hint}`;
  const blanks = ' '.repeat(Math.max(1, columns - line.length - place.length));
  return colourOf(output).dim(truncate(`${line}${place === '' ? '' : blanks + place}`, columns));
}

function hintsOf({ rows, at, lines }: Extent, isOpened: boolean, help: boolean): string[] {
  if (help) return ['q quit', 'any other key goes back'];
  return [
    'q quit',
    '? help',
    ...(isOpened ? ['Esc back'] : []),
    ...(rows[at]?.open ? ['Enter open'] : []),
    '/ filter',
    ...(lines === null ? ['s S sort'] : []),
    'p pause',
    '1-7 Tab views',
  ];
}

/** `41-60 of 340`; nothing where all is seen. */
function placeText({ rows, lines, top, room }: Extent): string {
  const all = lines ?? rows.length;
  return all <= room ? '' : `${grouped(top + 1)}-${grouped(Math.min(all, top + room))} of ${grouped(all)}`;
}
