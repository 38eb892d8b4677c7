import type { CommandEntry } from './registry.ts';

/** The commands that put load on a queue and measure it; a part of the one table. */
export const LOAD_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'load run',
    summary: 'put load on Redis, SQS, PostgreSQL or a webhook, and measure what becomes of every message',
    impact: 'write',
    args: '[profile]',
    formats: ['markdown', 'junit', 'html'],
    load: () => import('./load/run.ts'),
  },
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
