import type { CommandEntry } from './registry.ts';

/** The commands that put load on a queue and measure it; a part of the one table. */
export const LOAD_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'load report',
    summary: 'show what load runs have measured: text, Markdown, JUnit, or one HTML page with charts',
    impact: 'read',
    args: '<files...>',
    formats: ['markdown', 'junit', 'html'],
    watch: false,
    load: () => import('./load/report.ts'),
  },
];
