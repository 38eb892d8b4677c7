import { expect, test } from 'vitest';
import { TUNABLE_NAMES } from '../../src/drain/index.ts';
import { runCommand } from './run-command.ts';

const run = (argv: string[], columns?: number) => runCommand(argv, { url: 'redis://127.0.0.1:1', columns });

const COLUMNS = 60;

test.each(['postgres', 'sqs', 'redis', 'archive', 'status', 'list', 'pause', 'set'])(
  'the help of drain %s keeps its flags within a narrow terminal',
  async (verb) => {
    const { code, stdout } = await run(['drain', verb, '--help'], COLUMNS);
    const flags = stdout.slice(0, stdout.indexOf('\nImpact:')).split('\n');
    expect(code).toBe(0);
    // What is one word is not broken.
    expect(flags.filter((line) => line.length > COLUMNS && line.trim().includes(' '))).toEqual([]);
  },
);

test('the help of drain set says which settings there are, and what their values look like', async () => {
  const { stdout } = await run(['drain', 'set', '--help']);
  for (const name of TUNABLE_NAMES) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  expect(stdout).toMatch(/^ {2}rate +a rate such as 500\/s or 5MB\/s, or off$/m);
});

test('drain archive offers no flag that means nothing for a file', async () => {
  const { stdout } = await run(['drain', 'archive', '--help']);
  expect(stdout).toContain('--max-lag');
  expect(stdout).not.toMatch(/--follow|--allow-competing/);
});

test('who names no run is told how to find it', async () => {
  const { code, stderr } = await run(['drain', 'status']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('hint: qctl drain list shows the runs\n')]);
});

test('a --done that names no column is told what it takes', async () => {
  const { code, stderr } = await run(['drain', 'postgres', '--done', 'state']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('expected delete, or column=value,…')]);
});

test.each(['postgres', 'sqs'])('the help of drain %s names the way back', async (verb) => {
  const { stdout } = await run(['drain', verb, '--help']);
  expect(stdout).toContain('The way back: qctl drain redis --stream STREAM --group GROUP --to SOURCE\n');
});
