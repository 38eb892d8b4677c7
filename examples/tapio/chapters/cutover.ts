import { inTime, waitFor } from '../../../test/support/wait.ts';
import { heading, print } from '../../kit/terminal.ts';
import { coverage } from '../results.ts';
import type { Faults, World } from '../world.ts';

/** A machine that is busy with a test suite is slow by itself: 1s in place of the 100ms of the plan. */
const RUN = ['cutover', 'run', 'plan.yaml', '--set', 'latency=1s', '--yes', '--set'];
/** What happened, and how it ended: the plan itself is shown once. */
const SHOWN = /^(\d\d:\d\d:\d\d (?!(\S+ )?(waiting|running:|undoing))|result |took )/;
const LIMIT_MS = 30_000;

/** The plan: twice V2 gets into trouble and everything goes back by itself, then it comes to its end. */
export async function cutOver(world: World): Promise<void> {
  heading('The cutover: one category first, then shares; V2 fails, and all goes back by itself');
  await world.terminal.run(['cutover', 'plan', 'plan.yaml']);
  await tryLoad(world);
  await world.rate(100);
  await spoilt(world, { name: 'errors', faults: { errors: true }, check: 'v2-errors', by: 'type' });
  heading('Mended; the same again, and V2 hangs');
  await spoilt(world, { name: 'latency', faults: { delayMs: 10_000 }, check: 'v2-latency', by: 'percent' });
  heading('Mended; the whole way');
  await inTime(world.terminal.follow([...RUN, 'hold=800ms'], SHOWN).ended, 'the end of the run', 120_000);
  const from = Date.now();
  await waitFor(() => world.produced().filter(({ at }) => at > from).length >= 50, { what: 'fifty events' });
  await world.rate(0);
  const last = world.produced().filter(({ at }) => at > from);
  const onV2 = (await world.worked(last)).filter(({ engine }) => engine === 'v2').length;
  world.figures.held('after completion: events on V2', `${onV2} of ${last.length}`, {
    wanted: 'all',
    holds: onV2 === last.length,
  });
}

/** What Redis does under the team's load; how fast depends on this machine, and is no reason to fail. */
async function tryLoad({ terminal, figures }: World): Promise<void> {
  const lines = /^(confirmed +\d+\/|end to end +planned|ok|failed +p|passed|invalid)/;
  const { stdout } = await terminal.runBriefly(['load', 'run', 'load.yaml'], lines, [0, 1, 99]);
  const held = ['lost', 'doubled'].filter((name) => new RegExp(`^ok +${name} == 0`, 'm').test(stdout));
  figures.held('load of a busy day: nothing', held.join(', ') || '-', {
    wanted: 'lost, doubled',
    holds: held.length === 2,
  });
}

interface Trouble {
  name: string;
  faults: Faults;
  /** That is to notice it. */
  check: string;
  /** The rule by which V2 has events when it begins. */
  by: 'type' | 'percent';
}

/** One run that is spoilt as soon as V2 has a share of the traffic, and ends with everything on V1 again. */
async function spoilt(world: World, { name, faults, check, by }: Trouble): Promise<void> {
  const { terminal, figures } = world;
  const before = await byV1(world);
  const began = Date.now();
  const run = terminal.follow([...RUN, 'hold=1500ms'], SHOWN);
  await waitFor(() => sentToV2(world, by, began) >= 10, {
    what: 'traffic on V2',
    timeoutMs: 60_000,
    everyMs: 50,
  });
  const spoiltAt = Date.now();
  world.spoil(faults);
  print(`✗ from now on V2 ${faults.errors ? 'fails every third event' : 'takes 10 s for a batch'}`);
  const { code } = await inTime(run.ended, 'the end of the run', 120_000);
  const backMs = Date.now() - spoiltAt;
  world.spoil({});
  const endedAt = Date.now();
  await waitFor(() => world.produced().filter(({ at }) => at > endedAt).length >= 50, {
    what: 'fifty events',
  });
  const events = world.produced();
  const lastOnV2 = Math.max(...events.filter(({ side }) => side === 'new').map(({ at }) => at));
  print(`page: ${world.paged().at(-1)}`);
  figures.held(`rollback on ${name}: exit code`, code ?? '-', {
    wanted: `12, by ${check}`,
    holds: code === 12 && world.paged().at(-1)!.includes(check),
  });
  figures.held(`rollback on ${name}: last event for V2 after the fault`, seconds(lastOnV2 - spoiltAt), {
    wanted: 'under 30 s',
    holds: lastOnV2 - spoiltAt < LIMIT_MS && lastOnV2 < endedAt,
  });
  figures.held(`rollback on ${name}: all back on V1 and reported`, seconds(backMs), {
    wanted: 'under 30 s',
    holds: backMs < LIMIT_MS,
  });
  await world.rate(0);
  await world.settled();
  const returned = (await byV1(world)) - before;
  figures.held(`rollback on ${name}: what V2 had not finished, worked on by V1`, returned, {
    wanted: 'more than 0',
    holds: returned > 0,
  });
  const { lost, doubled } = coverage(
    events.map(({ id }) => id),
    await world.results(),
  );
  figures.held(`rollback on ${name}: lost, doubled`, `${lost}, ${doubled}`, {
    wanted: '0, 0',
    holds: lost + doubled === 0,
  });
  await world.rate(100);
}

/** Events since then that were for V2 by that rule. */
function sentToV2(world: World, by: string, since: number): number {
  return world.produced().filter(({ at, side, rule }) => at > since && side === 'new' && rule === by).length;
}

/** How many of what was ever sent to V2 has its result from V1. */
async function byV1(world: World): Promise<number> {
  const sent = new Set(await world.sentToV2());
  return (await world.results()).filter(({ eventId, engine }) => engine === 'v1' && sent.has(eventId)).length;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
