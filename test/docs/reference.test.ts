import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../commands/registry.ts';
import { HELP_TOPICS } from '../../commands/topics.ts';
import { type Described, describeCommands } from '../../scripts/reference/describe.ts';
import { manPage } from '../../scripts/reference/man.ts';
import { referencePage } from '../../scripts/reference/page.ts';
import { runCommand } from '../commands/run-command.ts';
import { problemOf } from '../support/command-line.ts';
import { commandsIn } from './page-commands.ts';
import { splitShellWords } from './shell-words.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let commands: Described[];

beforeAll(async () => {
  commands = await describeCommands();
});

/** What stands behind `qctl`, up to where the shell goes on with something else. */
function wordsOf(line: string): string[] {
  const [command] = /\bqctl .*?(?= [|<>&;]|$)/.exec(line)!;
  return splitShellWords(command).slice(1);
}

describe.each(COMMANDS.map(({ name }, at) => [name, at] as const))('%s', (name, at) => {
  test('has examples in its help, each a line that it takes', async () => {
    const { examples } = commands[at]!;
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) expect(await problemOf(wordsOf(line)), line).toBeUndefined();
    // `qctl help --help` is the help of all.
    if (name === 'help') return;
    const { stdout } = await runCommand([...name.split(' '), '--help'], { columns: 80 });
    expect(stdout.match(/^Examples:$/gm)).toHaveLength(1);
    for (const [line, why] of examples) expect(stdout).toContain(`  # ${why}\n  ${line}`);
    // Of this command, and not copied from another.
    expect(examples.some(([line]) => line.includes(`qctl ${name}`))).toBe(true);
  });
});

describe('the reference', () => {
  test('has every command with its flags, and the links of its list lead to them', () => {
    const page = referencePage(commands);
    for (const { entry, flags } of commands) {
      const [, part] = page.split(`\n### qctl ${entry.name}\n`);
      for (const { term } of flags) expect(part).toContain(`| \`${term.replaceAll('|', '\\|')}\` |`);
      expect(page).toContain(`[${entry.name}](#qctl-${entry.name.replaceAll(' ', '-')})`);
    }
    expect(commandsIn(page.replaceAll('```text\n', '')).length).toBeGreaterThan(COMMANDS.length);
  });

  test('shows nothing twice: what every command takes stands once, above all', () => {
    expect(referencePage(commands).match(/`--out-file <path>`/g)).toHaveLength(1);
  });
});

describe('the man page', () => {
  test.skipIf(spawnSync('man', ['--version']).status !== 0)('is rendered by man without a warning', () => {
    const file = `${ROOT}man/qctl.1`;
    const env = { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' };
    const { stdout, stderr } = spawnSync('man', ['--warnings', '-l', file], { env, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain('EXIT STATUS');
    for (const { name } of COMMANDS) expect(stdout).toContain(`qctl ${name}`);
  });

  test('hands on what roff would take for its own', () => {
    const odd: Described = {
      ...commands[0]!,
      usage: 'qctl "odd" [flags]',
      flags: [{ term: '--path <c:\\dir>', meaning: ".SH is no heading here\n'nor is this" }],
      examples: [["qctl odd '…'", 'why']],
    };
    const page = manPage([odd], '1.0.0');
    expect(page).toContain('.SS "qctl \\(dqodd\\(dq"\n');
    expect(page).toContain(".TP\n.B \\-\\-path <c:\\edir>\n\\&.SH is no heading here\n\\&'nor is this\n");
    expect(page).toContain(".EX\nqctl odd '...'\n.EE");
  });
});

describe.each(HELP_TOPICS)('qctl help %s', (topic) => {
  const LONG_TABLES = ['environment'];

  test('fits a terminal of 80 columns, and one screen where it is no list', async () => {
    const { code, stdout, stderr } = await runCommand(['help', topic], { columns: 80 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    if (!LONG_TABLES.includes(topic)) expect(lines.length).toBeLessThanOrEqual(40);
  });

  test('shows no line that qctl does not take', async () => {
    const { stdout } = await runCommand(['help', topic], { columns: 80 });
    const lines = [...stdout.matchAll(/^ {0,2}(qctl [^…]+?)(?: {2,}.*)?$/gm)].map(([, line]) => line!);
    for (const line of lines) {
      const problem = await problemOf(splitShellWords(line).slice(1));
      // A list of commands names no files and runs.
      if (!problem?.includes('missing required argument')) expect(problem, line).toBeUndefined();
    }
  });
});

test('the topics name what there is: each drain and each format, without being told', async () => {
  const { stdout } = await runCommand(['help', 'sources']);
  const drains = COMMANDS.filter(({ name, impact }) => name.startsWith('drain ') && impact === 'destructive');
  for (const { name, summary } of drains)
    expect(stdout).toMatch(new RegExp(`^qctl ${name} +${summary.slice(0, 20)}`, 'm'));
  expect(stdout).toContain('solid-queue');
});
