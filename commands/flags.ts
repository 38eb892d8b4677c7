import type { CommandEntry } from './registry.ts';

/** A flag as data, so that root help and completion know it without commander. */
export interface Flag {
  flags: string;
  description: string;
  choices?: readonly string[];
}

/** What `-o` takes at every command. */
export const OUTPUT_FORMATS = ['table', 'json', 'ndjson', 'yaml'] as const;
/** What `-o` takes at the commands that say so in the registry. */
export const EXTRA_FORMATS = ['prometheus', 'markdown', 'junit', 'html'] as const;
/** See {@link EXTRA_FORMATS}. */
export type ExtraFormat = (typeof EXTRA_FORMATS)[number];
/** See {@link OUTPUT_FORMATS} and {@link EXTRA_FORMATS}. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number] | ExtraFormat;

/** What of a command decides about its global flags. */
export type FlagScope = Pick<CommandEntry, 'impact' | 'formats' | 'watch'>;

/** What `-o` takes at this command. */
export function formatsOf({ formats = [] }: Pick<FlagScope, 'formats'>): readonly OutputFormat[] {
  return [...OUTPUT_FORMATS, ...formats];
}

/** True where `--watch` makes sense: what is read may be another the next time. */
export function canWatch({ impact, watch }: FlagScope): boolean {
  return impact === 'read' && watch !== false;
}

const OUTPUT: Flag = {
  flags: '-o, --output <format>',
  description: 'how to print the result (default: table)',
};

const EVERYWHERE: readonly Flag[] = [
  {
    flags: '--out-file <path>',
    description: 'write the result to a file (mode 0600, metrics 0644) instead of stdout',
  },
  { flags: '--profile <name>', description: 'profile of the configuration' },
  { flags: '--config <path>', description: 'configuration file (default: ./qctl.yaml, then the user file)' },
  { flags: '-q, --quiet', description: 'no progress and no notes; errors are still shown' },
  { flags: '-v, --verbose', description: 'say more on stderr' },
  { flags: '--no-color', description: 'no colours' },
  { flags: '--timeout <duration>', description: 'limit for a connection or an answer: 500ms, 30s, 2m' },
];

const WATCH: Flag = {
  flags: '--watch [interval]',
  description: 'run it again and again, every 2s or as given: 500ms, 10s, 1m',
};

const NOT_READ: readonly Flag[] = [
  { flags: '-y, --yes', description: 'do not ask' },
  { flags: '--dry-run', description: 'show what would be done, and do nothing' },
];

/** The flags that a command takes whatever it does. */
export function globalFlags(scope: FlagScope): readonly Flag[] {
  return [
    { ...OUTPUT, choices: formatsOf(scope) },
    ...EVERYWHERE,
    ...(canWatch(scope) ? [WATCH] : []),
    ...(scope.impact === 'read' ? [] : NOT_READ),
  ];
}

/** All flags of {@link globalFlags}, for what does not know the command yet. */
export function allGlobalFlags(): readonly Flag[] {
  return [{ ...OUTPUT, choices: OUTPUT_FORMATS }, ...EVERYWHERE, WATCH, ...NOT_READ];
}

/** The systems that a command may connect to. */
export type System = 'redis' | 'postgres' | 'sqs' | 'celery';

/** Connection flags by system. */
export const CONNECTION_FLAGS: Record<System, readonly Flag[]> = {
  redis: [{ flags: '--redis-url <url>', description: 'Redis: redis://host:port/db, or rediss:// for TLS' }],
  postgres: [
    { flags: '--postgres-url <url>', description: 'PostgreSQL: postgres://user@host:port/database' },
  ],
  sqs: [
    { flags: '--queue-url <url>', description: 'URL of the SQS queue' },
    { flags: '--sqs-endpoint <url>', description: 'other endpoint than that of AWS' },
    { flags: '--region <name>', description: 'AWS region' },
  ],
  celery: [{ flags: '--broker-url <url>', description: 'broker of Celery: redis://host:port/db' }],
};

/** Long and short names of the flags above that need a value. */
export function flagsWithValue(): Set<string> {
  const all = [...allGlobalFlags(), ...Object.values(CONNECTION_FLAGS).flat()];
  const valued = all.filter((flag) => flag.flags.includes('<'));
  return new Set(valued.flatMap((flag) => flag.flags.replace(/ <.*/, '').split(', ')));
}
