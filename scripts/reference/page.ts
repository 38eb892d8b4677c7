import { CHECK_EXIT, EXIT_CODES } from '../../commands/exit-codes.ts';
import { globalFlags } from '../../commands/flags.ts';
import type { Described, Row } from './describe.ts';

const INTRO = `# Reference

Every command, made from what it says with \`--help\`. \`read\` changes nothing; \`write\` changes at once; \`destructive\` shows its plan
and asks, and needs \`--yes\` where there is no terminal. What things mean is told on the pages of [docs/](.), and how to put them
together in the [README](../README.md).
`;

/** docs/reference.md. */
export function referencePage(commands: readonly Described[]): string {
  const nounOf = ({ entry }: Described) => entry.name.split(' ')[0]!;
  const nouns = [...new Set(commands.map(nounOf))].map((noun) => ({
    noun,
    own: commands.filter((one) => nounOf(one) === noun),
  }));
  const list = nouns.map(({ noun, own }) => `- [${noun}](#${noun}): ${own.map(linkTo).join(', ')}`);
  const parts = nouns.map(({ noun, own }) => `## ${noun}\n\n${own.map(section).join('\n')}`);
  return [INTRO, `${list.join('\n')}\n`, globalPart(), codesPart(), ...parts].join('\n');
}

function linkTo({ entry }: Described): string {
  return `[${entry.name}](#${anchorOf(`qctl ${entry.name}`)})`;
}

function anchorOf(heading: string): string {
  return heading.replaceAll(' ', '-');
}

function globalPart(): string {
  const everywhere = rowsOf(globalFlags({ impact: 'read', watch: false }));
  const more = rowsOf(globalFlags({ impact: 'write' })).filter(
    ({ term }) => !everywhere.some((one) => one.term === term),
  );
  return `## Flags of every command\n\n${table('flag', everywhere)}\n\nCommands that change something take these as well:\n\n${table('flag', more)}\n`;
}

function rowsOf(
  flags: readonly { flags: string; description: string; choices?: readonly string[] }[],
): Row[] {
  return flags.map(({ flags: term, description, choices }) => ({
    term,
    meaning: choices ? `${description}: ${choices.join(', ')}` : description,
  }));
}

function codesPart(): string {
  const rows = EXIT_CODES.map(
    ({ code, name, description }) => `| ${code} | ${name} | ${cell(description)} |`,
  );
  const checks = Object.entries(CHECK_EXIT).map(([name, code]) => `${code} ${name.toUpperCase()}`);
  const lines = ['| code | name | meaning |', '|---|---|---|', ...rows].join('\n');
  return `## Exit codes\n\n${lines}\n\n\`qctl check\` alone ends with ${checks.join(', ')}. Each code with a test: [exit-codes.md](exit-codes.md).\n`;
}

function section({ entry, usage, args, flags, connection, notes, examples }: Described): string {
  const also = entry.aliases ? ` Also \`qctl ${entry.aliases.join('`, `qctl ')}\`.` : '';
  const parts = [
    `### qctl ${entry.name}`,
    `${capital(entry.summary)}. Impact: ${entry.impact}.${entry.nagios ? ' Exit codes of monitoring.' : ''}${also}`,
    fence(usage),
    ...(args.length > 0 ? [table('argument', args)] : []),
    ...(flags.length > 0 ? [table('flag', flags)] : []),
    ...(connection.length > 0
      ? [`Connects by ${connection.map(({ term }) => `\`${flagOf(term)}\``).join(', ')}.`]
      : []),
    ...notes.map(fence),
    ...(examples.length > 0 ? [fence(examples.map(([line, why]) => `# ${why}\n${line}`).join('\n'))] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function flagOf(term: string): string {
  return term.replace(/ .*/, '');
}

function table(head: string, rows: readonly Row[]): string {
  const lines = rows.map(({ term, meaning }) => `| \`${term.replaceAll('|', '\\|')}\` | ${cell(meaning)} |`);
  return [`| ${head} | |`, '|---|---|', ...lines].join('\n');
}

/** What a table, or HTML, would take for its own. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/<(?=[a-z])/g, '\\<');
}

function fence(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
