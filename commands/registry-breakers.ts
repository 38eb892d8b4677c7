import type { CommandEntry } from './registry.ts';

/** The commands that show and steer circuit breakers; a part of the one table. */
export const BREAKER_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'breaker trip',
    summary: 'open circuit breakers; they recover by themselves',
    impact: 'write',
    args: '<names...>',
    load: () => import('./breaker/trip.ts'),
  },
  {
    name: 'breaker reset',
    summary: 'close circuit breakers and forget what they have counted',
    impact: 'write',
    args: '<names...>',
    load: () => import('./breaker/reset.ts'),
  },
  {
    name: 'breaker hold',
    summary: 'put an override over circuit breakers: open, closed, disabled, observe',
    impact: 'write',
    args: '<mode> <names...>',
    load: () => import('./breaker/hold.ts'),
  },
  {
    name: 'breaker release',
    summary: 'take the override of circuit breakers away',
    impact: 'write',
    args: '<names...>',
    load: () => import('./breaker/release.ts'),
  },
  {
    name: 'breaker set',
    summary: 'change settings of circuit breakers, over those of their programs',
    impact: 'write',
    args: '<names-and-settings...>',
    load: () => import('./breaker/set.ts'),
  },
  {
    name: 'breaker test',
    summary: 'simulate when a circuit breaker would open; touches nothing',
    impact: 'read',
    args: '<name>',
    watch: false,
    load: () => import('./breaker/test.ts'),
  },
];
