import { factsPage } from './pages/facts.ts';
import { letterPage, lettersPage } from './pages/letters.ts';
import { streamPage } from './pages/stream.ts';
import type { Place, ViewName } from './place.ts';
import type { Scene } from './scene.ts';
import type { Content } from './table.ts';
import { breakersView } from './views/breakers.ts';
import { deadLettersView } from './views/dead-letters.ts';
import { movesView } from './views/moves.ts';
import { redisView } from './views/redis.ts';
import { routesView } from './views/routes.ts';
import { runsView } from './views/runs.ts';
import { streamsView } from './views/streams.ts';

/** The views; keys 1 to 7. */
export const VIEWS: Record<ViewName, (scene: Scene) => Content> = {
  streams: streamsView,
  'dead-letters': deadLettersView,
  breakers: breakersView,
  runs: runsView,
  redis: redisView,
  moves: movesView,
  routes: routesView,
};

/** What stands in a view, or at the place that was opened out of it. */
export function contentOf(scene: Scene, view: ViewName, place: Place | undefined): Content {
  if (!place) return VIEWS[view](scene);
  const detail = scene.detail(place);
  switch (place.kind) {
    case 'stream':
      return streamPage(scene, place.stream, detail);
    case 'letters':
      return lettersPage(scene, place.stream, detail);
    case 'letter':
      return letterPage(scene, place.stream, place.id, detail);
    default:
      return factsPage(scene, place);
  }
}
