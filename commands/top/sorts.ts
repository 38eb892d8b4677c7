import type { Snapshot } from '../../src/overview/index.ts';
import { VIEWS } from './content.ts';
import type { ViewName } from './place.ts';
import { sortsOf } from './rows.ts';

const NOTHING = {
  ...{
    streams: [],
    deadLetters: [],
    breakers: [],
    runs: [],
    cutovers: [],
    routes: [],
    moves: [],
    missing: [],
  },
  at: '1970-01-01T00:00:00Z',
} as Partial<Snapshot> as Snapshot;

/** The names that a view can be sorted by, before anything has been looked at; none for one that is no table. */
export function sortsOfView(view: ViewName): string[] {
  if (view === 'redis') return [];
  const content = VIEWS[view]({
    ...{ snapshot: NOTHING, streamHistory: () => undefined, redisHistory: () => ({ at: [], values: {} }) },
    ...{ detail: () => undefined, now: new Date(0), output: undefined as never },
  });
  return content.kind === 'table' ? sortsOf(content) : [];
}
