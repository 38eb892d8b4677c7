/** What a word on the command line can be the name of. `postgres-source` and `sqs-source` are sources of one kind. */
export type NameKind =
  | 'profile'
  | 'source'
  | 'postgres-source'
  | 'sqs-source'
  | 'stream'
  | 'group'
  | 'consumer'
  | 'run'
  | 'cutover'
  | 'breaker'
  | 'route'
  | 'rule'
  | 'channel'
  | 'file';

/** What the value of a flag names, by the flag as its command declares it. What names something new is not here. */
export const FLAG_NAMES: Readonly<Record<string, NameKind>> = {
  '--profile <name>': 'profile',
  '--source <name>': 'source',
  '--stream <name>': 'stream',
  '--target <stream>': 'stream',
  '--dead-letter <stream>': 'stream',
  '--to <stream>': 'stream',
  '--group <name>': 'group',
  '--from <consumer>': 'consumer',
  '--to <consumer>': 'consumer',
  '--consumer <name>': 'consumer',
  '--consumer <names...>': 'consumer',
  '--resume <run>': 'run',
  '--route <name>': 'route',
  '--archive <file>': 'file',
  '--basic-auth-file <path>': 'file',
  '--body-file <path>': 'file',
  '--compare <file>': 'file',
  '--config <path>': 'file',
  '--env-file <path>': 'file',
  '--file <path>': 'file',
  '--out-file <path>': 'file',
  '--outcomes <file>': 'file',
  '--plan <file>': 'file',
  '--plan <path>': 'file',
  '--save <file>': 'file',
  '--state-dir <folder>': 'file',
  '--stop-file <path>': 'file',
  '--textfile <path>': 'file',
  '--token-file <path>': 'file',
};
