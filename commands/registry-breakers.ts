import type { CommandEntry } from './registry.ts';

/** The commands that show and steer circuit breakers; a part of the one table. */
export const BREAKER_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'breaker list',
    summary: 'list the circuit breakers, the worst first: state, why, since when, what comes next',
    impact: 'read',
    args: '[patterns...]',
    formats: ['prometheus'],
    load: () => import('./breaker/list.ts'),
  },
  {
    name: 'breaker show',
    summary: 'show all of a circuit breaker: why, how near its thresholds, who has set what',
    impact: 'read',
    args: '<name>',
    load: () => import('./breaker/show.ts'),
  },
  {
    name: 'breaker watch',
    summary: 'follow what happens to circuit breakers, until Ctrl-C',
    impact: 'read',
    args: '[patterns...]',
    watch: false,
    load: () => import('./breaker/watch.ts'),
  },
  {
    name: 'breaker history',
    summary: 'show what happened to circuit breakers, who did it and why',
    impact: 'read',
    args: '[patterns...]',
    load: () => import('./breaker/history.ts'),
  },
  {
    name: 'breaker check',
    summary: 'alert where a circuit breaker is open, half-open or overridden',
    impact: 'read',
    args: '[patterns...]',
    aliases: ['check breaker'],
    formats: ['prometheus'],
    nagios: true,
    load: () => import('./breaker/check.ts'),
  },
];
