import { globalFlags } from './flags.ts';
import { COMMANDS, type CommandEntry, verbsOf } from './registry.ts';

const EXAMPLES = [
  ['qctl drain sqs --queue-url … --redis-url … --stream jobs --dry-run', 'see the plan'],
  ['qctl drain postgres alerts --profile production', 'move a queue named in qctl.yaml'],
  ['qctl verify RUN', 'prove that nothing was lost'],
] as const;

/** `qctl --help`, from the registry alone. */
export function rootHelp(): string {
  return [
    'Moves a live message queue from Amazon SQS or PostgreSQL to Redis Streams, and proves that nothing was lost.',
    '',
    'Usage: qctl <command> [flags]',
    '',
    'Examples:',
    ...columns(EXAMPLES.map(([line, why]) => [line, why])),
    '',
    'Commands:',
    ...commandLines(COMMANDS),
    '',
    'Global options:',
    ...columns(globalFlags('write').map((flag) => [flag.flags, flag.description])),
    '',
    "Run 'qctl <command> --help' for a command, 'qctl help environment' for the variables that are read,",
    "'qctl help exit-codes', 'qctl help output' and 'qctl help safety' for what scripts can rely on.",
    '',
  ].join('\n');
}

/** `qctl drain --help`: the verbs of a noun. */
export function nounHelp(noun: string): string {
  return [
    `Usage: qctl ${noun} <verb> [flags]`,
    '',
    'Verbs:',
    ...commandLines(verbsOf(noun)),
    '',
    `Run 'qctl ${noun} <verb> --help' for a verb.`,
    '',
  ].join('\n');
}

/** Name, arguments, impact and summary in columns. */
function commandLines(entries: readonly CommandEntry[]): string[] {
  return columns(
    entries.map((entry) => [[entry.name, entry.args].filter(Boolean).join(' '), entry.impact, entry.summary]),
  );
}

function columns(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]!.length))) ?? [];
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at]!)).join('  ')}`.trimEnd());
}
