import type { CommandEntry } from './registry.ts';

/** The commands that put load on a queue and measure it; a part of the one table. */
export const LOAD_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'load run',
    summary: 'put load on Redis, SQS, PostgreSQL or a webhook, and measure what becomes of every message',
    impact: 'write',
    args: '[profile]',
    names: ['file'],
    formats: ['markdown', 'junit', 'html'],
    load: () => import('./load/run.ts'),
  },
  {
    name: 'load report',
    summary: 'show what load runs have measured: text, Markdown, JUnit, or one HTML page with charts',
    impact: 'read',
    args: '<files...>',
    names: ['file'],
    formats: ['markdown', 'junit', 'html'],
    watch: false,
    load: () => import('./load/report.ts'),
  },
  {
    name: 'load compare',
    summary: 'compare load runs with each other: what got worse, and whether that may be chance',
    impact: 'read',
    args: '<base> <candidate>',
    names: ['file', 'file'],
    formats: ['markdown', 'junit'],
    watch: false,
    load: () => import('./load/compare.ts'),
  },
  {
    name: 'load find-max',
    summary: 'find the highest rate at which a target still keeps what was promised',
    impact: 'write',
    args: '[profile]',
    names: ['file'],
    load: () => import('./load/find-max.ts'),
  },
];
