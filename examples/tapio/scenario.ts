import type { Scenario } from '../kit/scenario.ts';
import { moveOneCategory } from './chapters/backlog.ts';
import { cutOver } from './chapters/cutover.ts';
import { routeEveryWay } from './chapters/routing.ts';
import { compareInTheShadow } from './chapters/shadow.ts';
import { coverage } from './results.ts';
import { World } from './world.ts';

export default {
  title:
    'Tapio: a second correlation engine beside the first, by route, shadow and a cutover that goes back by itself.',
  async play(stage) {
    const world = await World.open(stage);
    const backlog = (await world.store.waiting()).map(({ id }) => id);
    await moveOneCategory(world);
    await routeEveryWay(world);
    await compareInTheShadow(world);
    await cutOver(world);
    const events = [...backlog, ...world.produced().map(({ id }) => id)];
    const { lost, doubled, unknown } = coverage(events, await world.results());
    stage.figures.held(
      `results that count of ${events.length} events: lost, doubled, unknown`,
      `${lost}, ${doubled}, ${unknown}`,
      {
        wanted: '0, 0, 0',
        holds: lost + doubled + unknown === 0,
      },
    );
  },
} satisfies Scenario;
