import type { CommandEntry } from './registry.ts';

/** The commands that show everything as it goes on, and tell of it; a part of the one table. */
export const LIVE_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'top',
    summary: 'watch streams, dead letters, breakers, runs and Redis itself, until q',
    impact: 'read',
    watch: false,
    load: () => import('./top.ts'),
  },
  {
    name: 'serve',
    summary: 'show everything live in the browser, as an API, and to Prometheus',
    impact: 'read',
    watch: false,
    load: () => import('./serve.ts'),
  },
  {
    name: 'alerts run',
    summary: 'look at the alert rules and tell the channels, until Ctrl-C; with --once, for cron, once',
    impact: 'write',
    load: () => import('./alerts/run.ts'),
  },
  {
    name: 'alerts list',
    summary: 'list the alert rules, the worst first: state, since when, why, who was told',
    impact: 'read',
    load: () => import('./alerts/list.ts'),
  },
  {
    name: 'alerts test',
    summary: 'send a test message to channels and say of each what happened',
    impact: 'write',
    args: '[channels...]',
    names: ['channel'],
    load: () => import('./alerts/test.ts'),
  },
  {
    name: 'alerts silence',
    summary: 'tell nobody of an alert rule for a while',
    impact: 'write',
    args: '<rule>',
    names: ['rule'],
    load: () => import('./alerts/silence.ts'),
  },
  {
    name: 'alerts unsilence',
    summary: 'end the silence of an alert rule',
    impact: 'write',
    args: '<rule>',
    names: ['rule'],
    load: () => import('./alerts/unsilence.ts'),
  },
];
