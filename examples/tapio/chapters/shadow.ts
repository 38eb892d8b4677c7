import { waitFor } from '../../../test/support/wait.ts';
import { heading, print } from '../../kit/terminal.ts';
import { type Result, throughput } from '../results.ts';
import type { World } from '../world.ts';

const EVENTS = 1000;
/** Exactly at the limit: what the mistake of the first V2 is about. */
const PLANTED = [11, 12, 13].map((n) => ({ category: 'memory', namespace: `team-00${n}`, value: 90 }));

const SIDES = ['--old', 'redis:tapio:results', '--new', 'redis:tapio:results:shadow', '--key', 'eventId'];
const SHOWN =
  /^(SIDE|records|matched|ignored|mismatched|missing|extra| {2}body|ok|failed|a condition|no diff)/;
const CONDITIONS = ['--fail-on', 'mismatched > 0', '--require', 'missing == 0'];

/** V2 gets copies of what V1 works on, and both results are compared: first with a mistake in V2, then without. */
export async function compareInTheShadow(world: World): Promise<void> {
  const { figures } = world;
  heading('Shadow: V2 works on copies, and only the results of V1 count');
  await world.systemctl('stop', 'tapio-engine-v2');
  world.install('above');
  await world.systemctl('start', 'tapio-engine-v2');
  await setShadow(world, 100);
  const wrong = await shadowed(world, { count: 300, events: PLANTED });
  const planted = wrong.events.slice(-PLANTED.length).map(({ id }) => id);
  const found = await compared(world, wrong.since, 99);
  figures.held('records that compare names', found.named.join(' ') || 'none', {
    wanted: `just the planted ones, ${planted[0]} to ${planted.at(-1)}; exit code 99`,
    holds: found.named.toSorted().join() === planted.toSorted().join() && found.differ === planted.length,
  });
  print('\nV2 said "above the limit" where V1 says "at the limit or above". It is mended.\n');
  await world.systemctl('stop', 'tapio-engine-v2');
  world.install('atLeast');
  await world.systemctl('start', 'tapio-engine-v2');
  const right = await shadowed(world, { count: EVENTS, events: PLANTED });
  const clean = await compared(world, right.since, 0);
  figures.held('mismatches once it is mended', `${clean.differ} of ${clean.records}`, {
    wanted: `0 of ${right.events.length}`,
    holds: clean.differ === 0 && clean.records === right.events.length,
  });
  await judgeEngines(world, [...wrong.events, ...right.events], right.events);
  await setShadow(world, 0);
  await world.systemctl('stop', 'tapio-engine-v2');
}

async function setShadow(world: World, percent: number): Promise<void> {
  const argv = ['route', 'set', 'correlation-shadow', '--file', 'flags.yaml', '--percent', String(percent)];
  await world.terminal.runBriefly(argv, /^[a-z]/);
  await world.knowsFlags();
}

/** Sends events while both engines stand still; then each works them off alone, so that neither slows the other. */
async function shadowed(world: World, what: Parameters<World['burst']>[0]) {
  const copies = (await world.results('shadow')).length;
  const since = new Date().toISOString();
  for (const engine of ['v1', 'v2'] as const) await world.signal(engine, 'SIGSTOP');
  const events = await world.burst(what);
  await world.signal('v2', 'SIGCONT');
  await waitFor(async () => (await world.results('shadow')).length >= copies + events.length, {
    what: 'the results of the copies',
    timeoutMs: 30_000,
    everyMs: 50,
  });
  await world.signal('v1', 'SIGCONT');
  await world.worked(events);
  return { events, since };
}

async function compared({ terminal }: World, since: string, code: number) {
  const argv = ['compare', ...SIDES, '--from', since, '--ignore', 'engine', '--ignore', 'at', ...CONDITIONS];
  const { stdout } = await terminal.runBriefly(argv, SHOWN, code);
  const count = (name: string) =>
    Number(new RegExp(`^${name} +([\\d,]+)`, 'm').exec(stdout)?.[1]?.replaceAll(',', ''));
  const named = [...stdout.matchAll(/^mismatched (\S+) \(/gm)].map(([, key]) => key!);
  return { named, differ: count('mismatched'), records: count('records') };
}

async function judgeEngines(world: World, all: { id: string }[], measured: { id: string }[]): Promise<void> {
  const { figures } = world;
  const ids = new Set(all.map(({ id }) => id));
  const counted = (await world.results()).filter(({ eventId }) => ids.has(eventId));
  const byV2 = counted.filter(({ engine }) => engine === 'v2').length;
  figures.held('results that count of V2 in the shadow', byV2, { wanted: '0', holds: byV2 === 0 });
  const last = new Set(measured.map(({ id }) => id));
  const of = (results: readonly Result[]) => throughput(results.filter(({ eventId }) => last.has(eventId)));
  const [v1, v2] = [of(counted), of(await world.results('shadow'))];
  figures.told(`throughput of V1, backlog of ${measured.length} events`, `${v1}/s`);
  figures.told('throughput of V2, the same events', `${v2}/s`);
  figures.held('throughput of V2 over that of V1', `${(v2 / v1).toFixed(1)} times`, {
    wanted: 'over 1.5: more than 50% better',
    holds: v2 > 1.5 * v1,
  });
}
