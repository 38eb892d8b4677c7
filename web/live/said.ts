import type { Snapshot } from '../../src/overview/index.ts';

/** Something that has become different between two looks, worth telling to somebody who does not watch. */
export interface Said {
  at: string;
  text: string;
  level: 'good' | 'bad' | 'plain';
}

/** What has changed its state from one look to the next; never numbers alone. Empty for looks of two processes. */
export function saidBetween(before: Snapshot, after: Snapshot): Said[] {
  if (before.epoch !== after.epoch) return [];
  const texts = [...breakers(before, after), ...runs(before, after), ...cutovers(before, after)];
  texts.push(...routes(before, after), ...deadLetters(before, after));
  return texts.map(([text, level]) => ({ at: after.at, text, level }));
}

type Told = [text: string, level: Said['level']];

function breakers(before: Snapshot, after: Snapshot): Told[] {
  return changed(before.breakers, after.breakers, (row) => row.breaker, stateOfBreaker).map(
    ([row, was, now]) => [
      `breaker ${row.breaker}: ${was} → ${now}`,
      row.verdict === 'reject' || row.state === 'open' ? 'bad' : row.state === 'closed' ? 'good' : 'plain',
    ],
  );
}

function stateOfBreaker({ state, override }: Snapshot['breakers'][number]): string {
  return override ? `${state}, held ${override.mode} by ${override.by}` : state;
}

function runs(before: Snapshot, after: Snapshot): Told[] {
  return changed(
    before.runs,
    after.runs,
    (row) => row.run,
    (row) => row.state,
  ).map(([row, was, now]) => [
    `drain ${row.run}: ${was} → ${now}`,
    now === 'stopped' ? 'bad' : now === 'done' ? 'good' : 'plain',
  ]);
}

function cutovers(before: Snapshot, after: Snapshot): Told[] {
  const where = ({ state, step }: Snapshot['cutovers'][number]): string =>
    step ? `${state} at ${step}` : state;
  return changed(before.cutovers, after.cutovers, (row) => row.run, where).map(([row, was, now]) => [
    `cutover ${row.plan} ${row.run}: ${was} → ${now}`,
    row.state.startsWith('roll') ? 'bad' : row.state === 'completed' ? 'good' : 'plain',
  ]);
}

function routes(before: Snapshot, after: Snapshot): Told[] {
  const share = (row: Snapshot['routes'][number]): string => `${row.percent}%`;
  return changed(before.routes, after.routes, (row) => row.route, share).map(([row, was, now]) => [
    `route ${row.route}: ${was} → ${now} to the new side${row.changedBy ? `, by ${row.changedBy}` : ''}`,
    'plain',
  ]);
}

/** That there are any, where there were none. More of them are numbers. */
function deadLetters(before: Snapshot, after: Snapshot): Told[] {
  const had = new Map(before.deadLetters.map((row) => [row.stream, row.length]));
  const some = after.deadLetters.filter((row) => row.length > 0 && !had.get(row.stream));
  return before.missing.some(({ part }) => part === 'deadLetters')
    ? []
    : some.map((row) => [`first dead letters in ${row.stream}: ${row.length}`, 'bad']);
}

/** Rows that stand in both looks, with what was and what is. */
function changed<Row>(
  before: readonly Row[],
  after: readonly Row[],
  nameOf: (row: Row) => string,
  stateOf: (row: Row) => string,
): [row: Row, was: string, now: string][] {
  const states = new Map(before.map((row) => [nameOf(row), stateOf(row)]));
  return after.flatMap((row): [Row, string, string][] => {
    const was = states.get(nameOf(row));
    const now = stateOf(row);
    return was === undefined || was === now ? [] : [[row, was, now]];
  });
}
