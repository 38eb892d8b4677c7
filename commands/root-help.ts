import { allGlobalFlags } from './flags.ts';
import { COMMANDS, type CommandEntry, verbsOf } from './registry.ts';
import { wrap } from './term/text.ts';
import { HELP_TOPICS } from './topics.ts';

const EXAMPLES = [
  ['qctl drain sqs --queue-url … --redis-url … --stream jobs --dry-run', 'see the plan'],
  ['qctl drain postgres alerts --profile production', 'move a queue named in qctl.yaml'],
  ['qctl verify RUN', 'prove that nothing was lost'],
] as const;

/** `qctl --help`, from the registry alone. */
export function rootHelp(width: number): string {
  return [
    wrap(
      'Moves a live message queue from Amazon SQS or PostgreSQL to Redis Streams, and proves that nothing was lost.',
      width,
    ),
    '',
    'Usage: qctl <command> [flags]',
    '',
    'Examples:',
    ...EXAMPLES.flatMap(([line, why]) => [`  # ${why}`, `  ${line}`]),
    '',
    'Commands:',
    ...commandLines(COMMANDS, width),
    '',
    'Global options:',
    ...columns(
      allGlobalFlags().map((flag) => [flag.flags, flag.description]),
      width,
    ),
    '',
    wrap(
      `Run 'qctl <command> --help' for a command. What scripts and operators can rely on: qctl help ${HELP_TOPICS.join(', ')}.`,
      width,
    ),
    '',
  ].join('\n');
}

/** `qctl drain --help`: the verbs of a noun. */
export function nounHelp(noun: string, width: number): string {
  return [
    `Usage: qctl ${noun} <verb> [flags]`,
    '',
    'Verbs:',
    ...commandLines(verbsOf(noun), width),
    '',
    `Run 'qctl ${noun} <verb> --help' for a verb.`,
    '',
  ].join('\n');
}

/** Name, arguments, impact and summary in columns. */
function commandLines(entries: readonly CommandEntry[], width: number): string[] {
  const usage = (entry: CommandEntry) => [entry.name, entry.args].filter(Boolean).join(' ');
  return columns(
    entries.map((entry) => [usage(entry), entry.impact, entry.summary]),
    width,
  );
}

const MIN_LAST = 24;

/** What stands in columns elsewhere, below each other. */
function stacked(row: readonly string[], width: number): string[] {
  const [first, ...rest] = row;
  return [`  ${first}`, `      ${wrap(rest.join(': '), width - 6).replaceAll('\n', '\n      ')}`];
}

/** Columns with the last one wrapped, so that help can be read in a narrow window. */
function columns(rows: readonly string[][], width: number): string[] {
  const last = rows[0]!.length - 1;
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const indent = 2 + widths.slice(0, last).reduce((sum, one) => sum + one + 2, 0);
  if (width - indent < MIN_LAST) return rows.flatMap((row) => stacked(row, width));
  return rows.map((row) => {
    const head = row.slice(0, last).map((cell, at) => `${cell.padEnd(widths[at]!)}  `);
    const text = wrap(row[last]!, width - indent);
    return `  ${head.join('')}${text.replaceAll('\n', `\n${' '.repeat(indent)}`)}`;
  });
}
