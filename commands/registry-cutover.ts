import type { CommandEntry } from './registry.ts';

/** The commands that plan, run and undo cutovers; a part of the one table. */
export const CUTOVER_COMMANDS: readonly CommandEntry[] = [
  {
    name: 'cutover plan',
    summary: 'show a plan resolved: every step, its undo, how long it takes and how long the way back',
    impact: 'read',
    args: '<file>',
    watch: false,
    load: () => import('./cutover/plan.ts'),
  },
  {
    name: 'cutover init',
    summary: 'write a plan to begin with, with comments',
    impact: 'write',
    load: () => import('./cutover/init.ts'),
  },
  {
    name: 'cutover schema',
    summary: 'print the JSON Schema of plans, for editors',
    impact: 'read',
    watch: false,
    load: () => import('./cutover/schema.ts'),
  },
  {
    name: 'cutover run',
    summary: 'carry out a plan, or take up a run that was left; goes back by itself when it must',
    impact: 'destructive',
    args: '[file]',
    load: () => import('./cutover/run.ts'),
  },
  {
    name: 'cutover resume',
    summary: 'lift the pause of a run at work, or take up one that nobody is at work on',
    impact: 'destructive',
    args: '<run>',
    load: () => import('./cutover/resume.ts'),
  },
  {
    name: 'cutover status',
    summary: 'show where a run stands, why it waits, what comes next and when',
    impact: 'read',
    args: '[run]',
    load: () => import('./cutover/status.ts'),
  },
  {
    name: 'cutover list',
    summary: 'list the runs that Redis knows of, the newest first',
    impact: 'read',
    load: () => import('./cutover/list.ts'),
  },
  {
    name: 'cutover approve',
    summary: 'approve the step that a run waits for, from any host',
    impact: 'write',
    args: '<run>',
    load: () => import('./cutover/approve.ts'),
  },
  {
    name: 'cutover pause',
    summary: 'hold a run before its next step, from any host',
    impact: 'write',
    args: '<run>',
    load: () => import('./cutover/pause.ts'),
  },
  {
    name: 'cutover abort',
    summary: 'send a run that is at work back, from any host',
    impact: 'destructive',
    args: '<run>',
    load: () => import('./cutover/abort.ts'),
  },
  {
    name: 'cutover lock',
    summary: 'show, take or release the lock of a plan',
    impact: 'write',
    args: '<action> <name>',
    load: () => import('./cutover/lock.ts'),
  },
  {
    name: 'rollback',
    summary: 'undo a cutover, whether it is under way or complete',
    impact: 'destructive',
    args: '[run]',
    load: () => import('./rollback.ts'),
  },
];
