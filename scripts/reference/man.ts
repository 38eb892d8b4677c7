import { EXIT_CODES } from '../../commands/exit-codes.ts';
import { globalFlags } from '../../commands/flags.ts';
import { HELP_TOPICS } from '../../commands/topics.ts';
import type { Described, Row } from './describe.ts';

const DESCRIPTION = `Moves a live message queue from Amazon SQS or PostgreSQL to Redis Streams, proves that nothing was lost, and operates the
streams afterwards.`;

const FILES: readonly Row[] = [
  { term: './qctl.yaml', meaning: 'the configuration, where --config and QCTL_CONFIG name no other' },
  { term: '~/.config/qctl/qctl.yaml', meaning: 'that of the user, below it' },
  {
    term: '~/.local/state/qctl/',
    meaning: 'journals and backups of cutovers; QCTL_STATE_DIR names another folder',
  },
];

/**
 * man/qctl.1, in the man macros that groff and mandoc know.
 *
 * @param version of the package
 */
export function manPage(commands: readonly Described[], version: string): string {
  const global = globalFlags({ impact: 'write' }).map(({ flags, description }) => ({
    term: flags,
    meaning: description,
  }));
  return [
    '.\\" Generated from the commands: npm run generate',
    `.TH QCTL 1 "" "qctl ${version}" "User Commands"`,
    section('NAME', [`qctl \\- ${text('move message queues to Redis Streams, and operate them')}`]),
    section('SYNOPSIS', ['.B qctl', text('<command> [flags]')]),
    section('DESCRIPTION', [text(DESCRIPTION)]),
    section('COMMANDS', commands.flatMap(commandPart)),
    section('GLOBAL OPTIONS', global.flatMap(entryOf)),
    section(
      'EXIT STATUS',
      EXIT_CODES.flatMap(({ code, description }) => entryOf({ term: `${code}`, meaning: description })),
    ),
    section('FILES', FILES.flatMap(entryOf)),
    section('SEE ALSO', [
      text(`qctl help ${HELP_TOPICS.join(', ')}; qctl <command> --help, which says more of each.`),
    ]),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string {
  return [`.SH ${title.includes(' ') ? `"${title}"` : title}`, ...lines].join('\n');
}

function commandPart({ entry, usage, args, flags, examples }: Described): string[] {
  const title = usage.replace(/ \[flags\]$/, '');
  return [
    `.SS "${text(title).replaceAll('"', '\\(dq')}"`,
    text(`${entry.summary} (${entry.impact})`),
    ...[...args, ...flags].flatMap(entryOf),
    ...examples.slice(0, 1).flatMap(([line]) => ['.PP', '.EX', text(line), '.EE']),
  ];
}

function entryOf({ term, meaning }: Row): string[] {
  return ['.TP', `.B ${text(term)}`, text(meaning)];
}

/** Text as roff prints it: a hyphen that can be copied, and nothing that it would take for a request. */
function text(raw: string): string {
  const escaped = raw.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...');
  return escaped.replace(/^(?=[.'])/gm, '\\&');
}
