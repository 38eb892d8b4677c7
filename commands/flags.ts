import type { Impact } from './registry.ts';

/** A flag as data, so that root help and completion know it without commander. */
export interface Flag {
  flags: string;
  description: string;
  choices?: readonly string[];
}

/** What `-o` takes. */
export const OUTPUT_FORMATS = ['table', 'json', 'ndjson', 'yaml'] as const;
/** See {@link OUTPUT_FORMATS}. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

const EVERYWHERE: readonly Flag[] = [
  {
    flags: '-o, --output <format>',
    description: 'how to print the result (default: table)',
    choices: OUTPUT_FORMATS,
  },
  { flags: '--out-file <path>', description: 'write the result to a file (mode 0600) instead of stdout' },
  { flags: '--profile <name>', description: 'profile of the configuration' },
  { flags: '--config <path>', description: 'configuration file (default: ./qctl.yaml, then the user file)' },
  { flags: '-q, --quiet', description: 'no progress and no notes; errors are still shown' },
  { flags: '-v, --verbose', description: 'say more on stderr' },
  { flags: '--no-color', description: 'no colours' },
  { flags: '--timeout <duration>', description: 'limit for a connection or an answer: 500ms, 30s, 2m' },
];

const NOT_READ: readonly Flag[] = [
  { flags: '-y, --yes', description: 'do not ask' },
  { flags: '--dry-run', description: 'show what would be done, and do nothing' },
];

/** The flags that every command of this impact takes. */
export function globalFlags(impact: Impact): readonly Flag[] {
  return impact === 'read' ? EVERYWHERE : [...EVERYWHERE, ...NOT_READ];
}

/** The systems that a command may connect to. */
export type System = 'redis' | 'postgres' | 'sqs';

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
};

/** Long and short names of the flags above that are followed by a value. */
export function flagsWithValue(): Set<string> {
  const all = [...globalFlags('write'), ...Object.values(CONNECTION_FLAGS).flat()];
  const valued = all.filter((flag) => flag.flags.includes('<'));
  return new Set(valued.flatMap((flag) => flag.flags.replace(/ <.*/, '').split(', ')));
}
