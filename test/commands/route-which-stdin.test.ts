import { expect, test } from 'vitest';
import { runQctl } from '../support/qctl.ts';

test('keys on stdin, one a line, are answered and counted', async () => {
  const argv = [
    'route',
    'which',
    'orders',
    '--percent',
    '25',
    '--file',
    '/nowhere/flags.yaml',
    '-o',
    'ndjson',
  ];
  const { code, stdout, stderr } = await runQctl(argv, { input: '1\r\n2\n\n42' });
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(answers.map(({ key, side }) => [key, side])).toEqual([
    ['1', 'old'],
    ['2', 'new'],
    ['42', 'old'],
  ]);
  expect([code, stderr]).toEqual([0, 'old 2, new 1 (33.33%)\n']);
});
