import type { CommandModule } from './command.ts';
import type { ExtraFormat } from './flags.ts';
import type { NameKind } from './names.ts';
import { BREAKER_COMMANDS } from './registry-breakers.ts';
import { CUTOVER_COMMANDS } from './registry-cutover.ts';
import { LIVE_COMMANDS } from './registry-live.ts';
import { LOAD_COMMANDS } from './registry-load.ts';
import { ROUTE_COMMANDS } from './registry-routes.ts';
import { STREAM_COMMANDS } from './registry-streams.ts';
import { HELP_TOPICS } from './topics.ts';

/** `read` changes nothing; `write` is done at once; `destructive` shows its plan and asks first. */
export type Impact = 'read' | 'write' | 'destructive';

/** One command as help, completion, the manifest and the README know it, without loading it. */
export interface CommandEntry {
  /** Noun, or noun and verb: `verify`, `drain postgres`. */
  name: string;
  summary: string;
  impact: Impact;
  /** Positional arguments in commander's notation: `<run>`, `[stream]`. */
  args?: string;
  /** What each of these arguments names, for completion; the last one goes for all that a `...` takes. */
  names?: readonly (NameKind | null)[];
  /** What the values of flags name here, where that is not what {@link FLAG_NAMES} says: `--resume`. */
  flagNames?: Readonly<Record<string, NameKind>>;
  aliases?: string[];
  /** What `-o` takes here besides the formats of every command. */
  formats?: readonly ExtraFormat[];
  /** Ends as monitoring expects: 0 OK, 1 WARNING, 2 CRITICAL as the action returns, 3 UNKNOWN for every error. */
  nagios?: true;
  /** False leaves out `--watch`, which other read commands have: what is shown stays, or is followed anyway. */
  watch?: false;
  load: () => Promise<CommandModule>;
}

/** The one table of commands. What does not exist does not stand here. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'find servers and queues, try each, and write a qctl.yaml with comments',
    impact: 'write',
    load: () => import('./init.ts'),
  },
  {
    name: 'analyse',
    summary: 'say what speaks against a migration before anything is moved',
    impact: 'read',
    aliases: ['analyze'],
    formats: ['markdown', 'junit'],
    watch: false,
    load: () => import('./analyse.ts'),
  },
  {
    name: 'drain postgres',
    summary: 'move a PostgreSQL queue table into a Redis stream',
    impact: 'destructive',
    args: '[source]',
    names: ['postgres-source'],
    load: () => import('./drain/postgres.ts'),
  },
  {
    name: 'drain sqs',
    summary: 'move an Amazon SQS queue into a Redis stream',
    impact: 'destructive',
    args: '[source]',
    names: ['sqs-source'],
    load: () => import('./drain/sqs.ts'),
  },
  {
    name: 'drain celery',
    summary: 'move a queue of Celery (Redis lists) into a Redis stream',
    impact: 'destructive',
    args: '[source]',
    load: () => import('./drain/celery.ts'),
  },
  {
    name: 'drain redis',
    summary: 'give back to SQS or PostgreSQL what a group has not finished',
    impact: 'destructive',
    load: () => import('./drain/redis.ts'),
  },
  {
    name: 'drain archive',
    summary: 'bring the messages of an archive into a Redis stream',
    impact: 'destructive',
    args: '<file>',
    names: ['file'],
    load: () => import('./drain/archive.ts'),
  },
  {
    name: 'drain list',
    summary: 'list the runs that Redis knows of',
    impact: 'read',
    formats: ['prometheus'],
    load: () => import('./drain/list.ts'),
  },
  {
    name: 'drain status',
    summary: 'show how far a run has come',
    impact: 'read',
    args: '<run>',
    names: ['run'],
    formats: ['prometheus'],
    load: () => import('./drain/status.ts'),
  },
  {
    name: 'drain pause',
    summary: 'hold all processes of a run until it is resumed, from any host',
    impact: 'write',
    args: '<run>',
    names: ['run'],
    load: () => import('./drain/pause.ts'),
  },
  {
    name: 'drain resume',
    summary: 'let a paused run go on',
    impact: 'write',
    args: '<run>',
    names: ['run'],
    load: () => import('./drain/unpause.ts'),
  },
  {
    name: 'drain stop',
    summary: 'end all processes of a run in an orderly way, from any host',
    impact: 'write',
    args: '<run>',
    names: ['run'],
    load: () => import('./drain/stop.ts'),
  },
  {
    name: 'drain set',
    summary: 'change rate, brakes and the like of a run while it is at work',
    impact: 'write',
    args: '<run> <setting...>',
    names: ['run'],
    load: () => import('./drain/set.ts'),
  },
  {
    name: 'verify',
    summary: 'prove that everything a run took is in the stream exactly once',
    impact: 'read',
    args: '<run>',
    names: ['run'],
    load: () => import('./verify.ts'),
  },
  {
    name: 'compare',
    summary: 'compare what an old and a new side made, record by record',
    impact: 'read',
    formats: ['markdown', 'junit'],
    watch: false,
    load: () => import('./compare.ts'),
  },
  ...STREAM_COMMANDS,
  ...BREAKER_COMMANDS,
  ...ROUTE_COMMANDS,
  ...LOAD_COMMANDS,
  ...CUTOVER_COMMANDS,
  ...LIVE_COMMANDS,
  {
    name: 'config show',
    summary: 'show the resolved configuration and where each part comes from',
    impact: 'read',
    watch: false,
    load: () => import('./config/show.ts'),
  },
  {
    name: 'config validate',
    summary: 'check the configuration files without connecting anywhere',
    impact: 'read',
    watch: false,
    load: () => import('./config/validate.ts'),
  },
  {
    name: 'config profiles',
    summary: 'list the profiles',
    impact: 'read',
    watch: false,
    load: () => import('./config/profiles.ts'),
  },
  {
    name: 'completion',
    summary: 'print the completion script for a shell',
    impact: 'read',
    args: '<shell>',
    watch: false,
    load: () => import('./completion.ts'),
  },
  {
    name: 'completion install',
    summary: 'put the completion script where the shell looks for it',
    impact: 'write',
    args: '[shell]',
    load: () => import('./completion/install.ts'),
  },
  {
    name: 'help',
    summary: `explain a command or a topic: ${HELP_TOPICS.join(', ')}`,
    impact: 'read',
    args: '[topic]',
    watch: false,
    load: () => import('./help.ts'),
  },
];

/** The entry that the words name: two words first, then one, aliases included. */
export function findCommand(words: readonly string[]): CommandEntry | undefined {
  return byName(words.slice(0, 2).join(' ')) ?? byName(words[0] ?? '');
}

/** The commands under a noun, by an alias too; empty where the word is no noun with verbs. */
export function verbsOf(noun: string): CommandEntry[] {
  return COMMANDS.flatMap((entry) =>
    [entry.name, ...(entry.aliases ?? [])]
      .filter((name) => name.startsWith(`${noun} `))
      .map((name) => ({ ...entry, name })),
  );
}

function byName(name: string): CommandEntry | undefined {
  return COMMANDS.find((entry) => entry.name === name || entry.aliases?.includes(name));
}
