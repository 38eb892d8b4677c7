import type { CommandEntry } from './registry.ts';

/** The commands that show and steer circuit breakers; a part of the one table. */
export const BREAKER_COMMANDS: readonly CommandEntry[] = [];
