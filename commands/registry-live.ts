import type { CommandEntry } from './registry.ts';

/** The commands that look at everything at once; a part of the one table. */
export const LIVE_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'top',
    summary: 'watch streams, dead letters, breakers, runs and Redis itself, until q',
    impact: 'read',
    watch: false,
    load: () => import('./top.ts'),
  },
];
