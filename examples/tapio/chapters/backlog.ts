import { waitFor } from '../../../test/support/wait.ts';
import { heading, print } from '../../kit/terminal.ts';
import { coverage } from '../results.ts';
import type { World } from '../world.ts';

/** What waits in the event store: which category is ready to be moved, and that one alone is. */
export async function moveOneCategory(world: World): Promise<void> {
  const { terminal, figures, store } = world;
  heading('The backlog: which categories are ready, and one of them is moved');
  const analysed = await terminal.runBriefly(
    ['analyse', '--source', 'event-store', '--by', 'type'],
    /^(PLACE| *\d+ {2}|ready:)/,
  );
  const [first = ''] = analysed.stdout.match(/^ *1 .*$/m) ?? [];
  figures.held('category that analyse puts first', first.trim().split(/\s+/)[1] ?? '-', {
    wanted: 'memory',
    holds: /^ *1 +memory +yes +low/.test(first),
  });
  const before = await store.waiting();
  const moving = before.filter(({ category }) => category === 'memory').map(({ id }) => id);
  world.install('atLeast');
  await world.systemctl('start', 'tapio-engine-v2');
  await terminal.runBriefly(
    ['drain', 'postgres', 'event-store', '--types', 'memory', '--yes'],
    /^(read|appended|settled|converged)/,
  );
  await waitFor(async () => (await world.results()).length >= moving.length, { what: 'the results of V2' });
  const results = await world.results();
  const cover = coverage(moving, results);
  const left = await store.waiting();
  figures.held('backlog of memory worked on by V2', `${results.length} of ${moving.length}`, {
    wanted: 'each once, none of another category',
    holds: Object.values(cover).every((n) => n === 0) && results.length === moving.length,
  });
  figures.held('backlog of the others left to V1', left.length, {
    wanted: `${before.length - moving.length}, untouched`,
    holds: JSON.stringify(left) === JSON.stringify(before.filter(({ category }) => category !== 'memory')),
  });
  print();
  await world.systemctl('start', 'tapio-engine-v1');
  await world.settled(before.map(({ id }) => id));
}
