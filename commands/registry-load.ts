import type { CommandEntry } from './registry.ts';

/** The commands of load tests; a part of the one table. */
export const LOAD_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'load compare',
    summary: 'compare load runs with each other: what got worse, and whether that may be chance',
    impact: 'read',
    args: '<base> <candidate>',
    formats: ['markdown', 'junit'],
    watch: false,
    load: () => import('./load/compare.ts'),
  },
  {
    name: 'load find-max',
    summary: 'find the highest rate at which a target still keeps what was promised',
    impact: 'write',
    args: '[profile]',
    load: () => import('./load/find-max.ts'),
  },
];
