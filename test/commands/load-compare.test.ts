import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeResults } from '../../src/load/index.ts';
import type { LoadResult } from '../../src/load/result.ts';
import { madeRun } from '../load/results.ts';
import { type CommandSetting, runCommand } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'load-compare-'));
const at = (name: string) => join(folder, `${name}.json`);

/** Runs whose latency differs by a per cent or two. */
function repeats(latencyMs: number, over: (run: LoadResult) => LoadResult = (run) => run): LoadResult[] {
  return [1, 1.02, 0.98, 1.01, 0.99].map((factor, index) =>
    over(madeRun({ run: `r${index}`, latencyMs: latencyMs * factor })),
  );
}

beforeAll(async () => {
  await writeResults(at('before'), repeats(10));
  await writeResults(at('slower'), repeats(13));
  await writeResults(at('same'), repeats(10.02));
  await writeResults(
    at('losing'),
    repeats(10, (run) => ({ ...run, counts: { ...run.counts, lost: 2 } })),
  );
  const [first, second, ...others] = repeats(13);
  await writeResults(at('first'), [first!]);
  await writeResults(at('second'), [second!]);
  await writeResults(at('others'), others);
  await writeResults(
    at('elsewhere'),
    repeats(10, (run) => ({ ...run, environment: { ...run.environment, cores: 64 } })),
  );
});

const compare = (argv: string[], setting: CommandSetting = {}) =>
  runCommand(['load', 'compare', ...argv], setting);

describe('load compare', () => {
  test('a slower candidate ends with 99 and the numbers, one that is not with 0', async () => {
    const slower = await compare([
      at('before'),
      at('slower'),
      '--fail-on',
      'p99 > +10%',
      '--fail-on',
      'lost > 0',
    ]);
    expect(slower.code).toBe(99);
    expect(slower.stdout).toMatch(/p99 +20 ms +26 ms +\+30 % +\+2\d.*% to \+3\d.*% +0\.008 +worse/);
    expect(slower.stdout).toMatch(/failed +p99 > \+10%: p99 20 ms -> 26 ms \(\+30 %\), p 0\.008/);
    expect(slower.stdout).toMatch(/ok +lost > 0: lost is 0/);
    expect(slower.stderr).toContain('the candidate fails: p99 > +10% (p99 20 ms -> 26 ms (+30 %), p 0.008)');
    const same = await compare([at('before'), at('same'), '--fail-on', 'p99 > +0%']);
    expect(same.stdout).toContain('inconclusive');
    expect(same.code).toBe(8);
    expect(same.stderr).toContain('--repeat 10');
    expect(await compare([at('before'), at('same'), '--fail-on', 'p99 > +10%'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await compare([at('before'), at('losing'), '--fail-on', 'lost > 0'])).toMatchObject({ code: 99 });
    expect(await compare([at('before'), at('slower')])).toMatchObject({ code: 0 });
  });

  test('several files are one side', async () => {
    const side = ['first', 'second', 'others'].map(at).join(',');
    const { code, stdout } = await compare([at('before'), side, '-o', 'json', '--fail-on', 'p99 > +10%']);
    expect(code).toBe(99);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      type: 'load-comparison',
      verdict: 'failed',
      test: { unit: 'runs', candidate: 5 },
    });
    expect(result.conditions[0]).toMatchObject({ measures: ['p99'], outcome: 'failed', remedy: null });
  });

  test('one run alone is not enough to tell, and that is no pass', async () => {
    const { code, stderr } = await compare([at('before'), at('first'), '--fail-on', 'p99 > +10%']);
    expect(code).toBe(8);
    expect(stderr).toContain('run both sides with --repeat 4, and compare again');
  });

  test('runs of another machine are refused unless that is said, and then it is in the report', async () => {
    const refused = await compare([at('before'), at('elsewhere')]);
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('cores 2 -> 64');
    const accepted = await compare([at('before'), at('elsewhere'), '--accept-difference', 'machine']);
    expect(accepted.code).toBe(0);
    expect(accepted.stdout).toMatch(/differs +cores 2 -> 64/);
  });

  test('what is wrong with the command line is said before a file is read', async () => {
    const missing = at('not-there');
    const unsigned = await compare([missing, missing, '--fail-on', 'p99 > 10%']);
    expect(unsigned.code).toBe(5);
    expect(unsigned.stderr).toContain('column 7');
    expect(unsigned.stderr).toContain('p99 > +10%');
    expect(await compare([missing, missing, '--alpha', '2'])).toMatchObject({ code: 2 });
    expect(await compare([missing, missing, '--accept-difference', 'weather'])).toMatchObject({ code: 2 });
    expect(await compare([missing, missing])).toMatchObject({ code: 5 });
    expect(await compare([',', missing])).toMatchObject({ code: 2 });
  });

  test('a terminal of any width shows all of it, and nothing is cut', async () => {
    for (const columns of [60, 80, 200]) {
      const { stdout } = await compare([at('before'), at('slower'), '--fail-on', 'p99 > +10%'], { columns });
      const lines = stdout.split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(stdout).toMatch(/^p99 +20 ms +26 ms +\+30 % .*worse$/m);
      expect(stdout).not.toContain('…');
      expect(/95%-INTERVAL/.test(stdout)).toBe(columns === 200);
    }
  });

  test('Markdown and JUnit say the same', async () => {
    const argv = [
      at('before'),
      at('slower'),
      '--fail-on',
      'p99 > +10%',
      '--fail-on',
      'lag > +5%',
      '--fail-on',
      'p50 < -1%',
    ];
    const page = (await compare([...argv, '-o', 'markdown'])).stdout;
    expect(page).toContain('# Load comparison: failed: 1 of 3 conditions');
    expect(page).toMatch(/\| p99 \| 20 ms \| 26 ms \| \+30 % \| .* \| 0\.008 \| worse \|/);
    const junit = (await compare([...argv, '-o', 'junit'])).stdout;
    expect(junit).toContain('<testsuite name="load-compare" tests="3" failures="1" errors="0"');
    expect(junit).toContain(
      '<testcase classname="qctl.load.compare" name="p99 &gt; +10%"><failure type="failed"',
    );
    const unclear = (await compare([at('before'), at('first'), '--fail-on', 'p99 > +10%', '-o', 'junit']))
      .stdout;
    expect(unclear).toContain('<error type="inconclusive"');
  });
});
