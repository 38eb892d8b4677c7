import { readFileSync, writeFileSync } from 'node:fs';
import { waitFor } from '../../../test/support/wait.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Produced } from '../produced.ts';
import { NAMESPACES } from '../services.ts';
import type { World } from '../world.ts';

const FILE = ['--file', 'flags.yaml'];
const EVENTS = 2 * NAMESPACES;

/** Which engine gets an event: by percent, category, namespace, load and time; judged by which one has worked on it. */
export async function routeEveryWay(world: World): Promise<void> {
  heading('Routing: by percent, category, namespace, load and time');
  await byPercent(world);
  await byCategoryAndNamespace(world);
  await byLoad(world);
  await byTime(world);
  await byHand(world);
}

async function byPercent(world: World): Promise<void> {
  await set(world, '--percent', '10', '--reason', 'first look at V2');
  const events = await routed(world, { count: EVENTS });
  const share = (100 * onV2(events).length) / events.length;
  const again = new Map<string, Set<string>>();
  for (const { namespace, engine } of events)
    again.set(namespace, (again.get(namespace) ?? new Set()).add(engine));
  const torn = [...again.values()].filter((engines) => engines.size > 1).length;
  const asked = await whichShare(world, [...again.keys()]);
  world.figures.held(`by percent: share of V2 in ${EVENTS} events`, `${share.toFixed(2)}%`, {
    wanted: `10%, within 2; and ${asked.toFixed(2)}%, as route which says`,
    holds: Math.abs(share - 10) < 2 && Math.abs(share - asked) < 0.01,
  });
  world.figures.held('namespaces that both engines got', torn, { wanted: '0', holds: torn === 0 });
}

async function whichShare({ terminal }: World, namespaces: string[]): Promise<number> {
  const keys = namespaces.flatMap((name) => ['--key', name]);
  const answers = await terminal.look<{ items: { side: string }[] }>([
    'route',
    'which',
    'correlation',
    ...FILE,
    ...keys,
  ]);
  return (100 * answers.items.filter(({ side }) => side === 'new').length) / answers.items.length;
}

async function byCategoryAndNamespace(world: World): Promise<void> {
  const rules = [
    '--type',
    'memory=new',
    '--type',
    'cpu=old',
    '--key',
    'team-0007=new',
    '--key',
    'team-0008=old',
  ];
  await set(world, '--percent', '0', ...rules);
  const pinned = [
    ...(await world.burst({ count: 20, namespace: 'team-0007', category: 'cpu' })),
    ...(await world.burst({ count: 20, namespace: 'team-0008', category: 'memory' })),
  ];
  const events = await routed(world, { count: 300 });
  const others = events.filter(({ namespace }) => !['team-0007', 'team-0008'].includes(namespace));
  const byType = others.filter(({ category, engine }) => (category === 'memory') === (engine === 'v2'));
  const worked = await world.worked(pinned);
  const byKey = worked.filter(({ namespace, engine }) => (namespace === 'team-0007') === (engine === 'v2'));
  const { figures } = world;
  figures.held('by category: memory on V2, the others on V1', `${byType.length} of ${others.length}`, {
    wanted: 'all',
    holds: byType.length === others.length && onV2(others).length > 0,
  });
  figures.held('by namespace: pinned to V2, pinned to V1', `${byKey.length} of ${pinned.length}`, {
    wanted: 'all, whatever their category',
    holds: byKey.length === pinned.length,
  });
}

async function byLoad(world: World): Promise<void> {
  const { figures, terminal } = world;
  const clear = ['--type', 'memory=-', '--type', 'cpu=-', '--key', 'team-0007=-', '--key', 'team-0008=-'];
  await set(world, ...clear, '--load', 'published=tapio:v1:waiting,above=200,to=new');
  const calm = await routed(world, { count: 100 });
  await world.signal('v1', 'SIGSTOP');
  print('✗ V1 hangs: kill -STOP');
  const first = await world.burst({ count: 250 });
  const then = await world.burst({ count: 100 });
  await terminal.run(['alerts', 'run', '--once']);
  print(`page: ${world.paged().join('; ')}`);
  await world.signal('v1', 'SIGCONT');
  print('✓ V1 goes on: kill -CONT');
  await world.settled();
  const after = await routed(world, { count: 100 });
  const engines = [calm, await world.worked(first), await world.worked(then), after].map(
    (one) => onV2(one).length,
  );
  figures.held('by load: on V2 of 100, 250, 100, 100', engines.join(', '), {
    wanted: '0, 0, 100, 0: only while more than 200 wait for V1',
    holds: engines.join() === '0,0,100,0' && then.every(({ rule, load }) => rule === 'load' && load! > 200),
  });
  figures.held('alerts told', world.paged().length, {
    wanted: '1, that V1 is behind',
    holds: world.paged().length === 1 && world.paged()[0]!.startsWith('v1-behind'),
  });
}

async function byTime(world: World): Promise<void> {
  const clock = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
  await set(world, '--load', '-', '--time', `from=${clock(-5)},to=${clock(55)},percent=100`);
  const inside = await routed(world, { count: 50 });
  const later = new Date(Date.now() + 2 * 3_600_000).toISOString().replace(/\.\d+/, '');
  const asked = ['route', 'which', 'correlation', ...FILE, '--key', 'team-0001', '--at', later];
  const { stdout } = await world.terminal.runBriefly(asked, /./);
  const then = /^team-0001 +(\w+)/m.exec(stdout)?.[1] ?? '-';
  world.figures.held('by time: on V2 of 50 inside the window; after it', `${onV2(inside).length}; ${then}`, {
    wanted: '50; old',
    holds: onV2(inside).length === 50 && then === 'old',
  });
}

/** Somebody edits the file; the collector is at work and is not told. */
async function byHand(world: World): Promise<void> {
  await world.rate(100);
  print('\nSomebody edits flags.yaml: percent: 0 becomes percent: 100.');
  const text = readFileSync(world.flags, 'utf8');
  writeFileSync(world.flags, text.replace('percent: 0', 'percent: 100'));
  const editedAt = Date.now();
  const first = await waitFor(
    () => world.produced().find(({ at, side }) => at >= editedAt && side === 'new'),
    {
      what: 'an event for V2',
    },
  );
  await world.rate(0);
  print(`The collector, which is at work, routes by it after ${first.at - editedAt} ms.\n`);
  world.figures.held('flag file: an edit is seen by the running router', `${first.at - editedAt} ms`, {
    wanted: 'under 3 s, no restart',
    holds: first.at - editedAt < 3000,
  });
  await set(world, '--percent', '0', '--time', '-', '--reason', 'until the shadow run');
}

/** Changes the route, and waits until the collector routes by it. */
async function set(world: World, ...flags: string[]): Promise<void> {
  await world.terminal.runBriefly(['route', 'set', 'correlation', ...FILE, ...flags], /^[a-z]/);
  await world.knowsFlags();
}

/** Sends events and waits for their results. */
async function routed(world: World, what: Parameters<World['burst']>[0]) {
  return world.worked(await world.burst(what));
}

const onV2 = (events: readonly (Produced & { engine: string })[]) =>
  events.filter(({ engine }) => engine === 'v2');
