import type { CommandEntry } from './registry.ts';

/** The commands that share traffic between the old and the new side; a part of the one table. */
export const ROUTE_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'route show',
    summary: 'show what goes to the new side: all routes, or one with its rules, who set it and why',
    impact: 'read',
    args: '[name]',
    names: ['route'],
    load: () => import('./route/show.ts'),
  },
  {
    name: 'route set',
    summary: 'change how much goes to the new side: percentage, types, keys, load, times',
    impact: 'write',
    args: '<name>',
    names: ['route'],
    load: () => import('./route/set.ts'),
  },
  {
    name: 'route which',
    summary: 'say on which side a key is, by which rule and bucket',
    impact: 'read',
    args: '<name>',
    names: ['route'],
    watch: false,
    load: () => import('./route/which.ts'),
  },
  {
    name: 'route watch',
    summary: 'follow the changes of a route, until Ctrl-C',
    impact: 'read',
    args: '<name>',
    names: ['route'],
    watch: false,
    load: () => import('./route/watch.ts'),
  },
  {
    name: 'route history',
    summary: 'show the last changes of a route, who made them and why',
    impact: 'read',
    args: '<name>',
    names: ['route'],
    load: () => import('./route/history.ts'),
  },
];
