import { parseArgs } from 'node:util';

/** What can be measured, in the order in which it is. */
export const PARTS = [
  'copy',
  'xadd',
  'move',
  'formats',
  'sqs',
  'receivers',
  'cluster',
  'scale',
  'ledger',
  'memory',
  'streams',
  'analyse',
  'breaker',
  'compare',
  'load',
  'startup',
  'follow',
  'serve',
] as const;
/** Minutes long, so only where it is asked for. */
const BY_DEFAULT = PARTS.filter((part) => part !== 'follow' && part !== 'serve');
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  rows: number;
  messages: number;
  rounds: number;
  /** Of the follow, and of the looking at `serve`. */
  minutes: number;
  only: Set<Part>;
  json: boolean;
  /** A page that what was measured is put into. */
  page?: string;
}

const HELP = `npm run bench -- [--rows 1000000] [--messages 50000] [--rounds 3] [--minutes 10] [--only ${PARTS.join(',')}] [-o json] [--page docs/performance.md]\n`;

/** Reads the command line; ends the process where it makes no sense. */
export function readOptions(argv: string[]): BenchOptions {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        rows: { type: 'string', default: '1000000' },
        messages: { type: 'string', default: '50000' },
        rounds: { type: 'string', default: '3' },
        minutes: { type: 'string', default: '10' },
        only: { type: 'string', default: BY_DEFAULT.join(',') },
        page: { type: 'string' },
        output: { type: 'string', short: 'o', default: 'table' },
      },
    });
    return {
      rows: positive(values.rows),
      messages: positive(values.messages),
      rounds: positive(values.rounds),
      minutes: positive(values.minutes),
      only: new Set(values.only.split(',').map(partOf)),
      json: values.output === 'json',
      page: values.page,
    };
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${HELP}`);
    process.exit(2);
  }
}

function positive(text: string): number {
  const n = Number(text.replaceAll(/[_,]/g, ''));
  if (!Number.isSafeInteger(n) || n < 1) throw new Error(`expected a number, got ${text}`);
  return n;
}

function partOf(text: string): Part {
  const part = PARTS.find((known) => known === text.trim());
  if (!part) throw new Error(`expected some of ${PARTS.join(',')}, got ${text}`);
  return part;
}
