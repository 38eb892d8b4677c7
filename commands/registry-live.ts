import type { CommandEntry } from './registry.ts';

/** The commands that show everything as it goes on; a part of the one table. */
export const LIVE_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'show everything live in the browser, as an API, and to Prometheus',
    impact: 'read',
    watch: false,
    load: () => import('./serve.ts'),
  },
];
