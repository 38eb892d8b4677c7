import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { visibleWidth } from '../../commands/term/text.ts';
import { type LoadResult, readResults, writeResults } from '../../src/load/index.ts';
import { sampleResult } from '../load/sample-result.ts';
import { outlineOf } from '../support/junit.ts';
import { runCommand } from './run-command.ts';

let result: LoadResult;
let other: LoadResult;
let folder: string;
let [one, both] = ['', ''];
beforeAll(async () => {
  result = sampleResult();
  other = sampleResult({ run: 'again', name: null }, { seconds: 10, perSecond: 100, stallMs: 0, seed: 2 });
  folder = await mkdtemp(join(tmpdir(), 'qctl-report-'));
  [one, both] = [join(folder, 'one.json'), join(folder, 'both.json')];
  await writeResults(one, [result]);
  await writeResults(both, [result, other]);
});

/** What is printed, on a terminal of so many columns or into a pipe. */
async function report(argv: string[], columns?: number): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['load', 'report', ...argv], { columns, url: '' });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('the report of a run on a terminal', () => {
  test('80 columns: both ways of counting stand side by side, and what they mean below', async () => {
    const text = await report([one], 80);
    expect(text).toContain(`
LATENCY     FROM           P50      P90      P99    P99.9   P99.99      MAX
end to end  planned     2.96ms   3.66ms    859ms    1.34s    1.40s    1.40s
end to end  sent        2.54ms   3.11ms   4.49ms    1.34s    1.40s    1.40s
enqueue     planned     1.18ms   1.64ms    856ms    1.34s    1.40s    1.40s
enqueue     sent       0.776ms   1.06ms   1.12ms    1.34s    1.40s    1.40s
`);
    expect(text).toContain('from planned: counts from when the schedule wanted it');
    expect(text).toContain('from sent: counts from the actual sending, and hides what waited before it');
  });

  test('60 columns: fewer percentiles, none of them cut', async () => {
    const text = await report([one], 60);
    expect(text).toMatch(/^LATENCY {5}FROM +P50 +P99 +P99\.9 +MAX$/m);
    expect(text).toMatch(/^end to end {2}planned +2\.96ms +859ms +1\.34s +1\.40s$/m);
  });

  test('200 columns: all percentiles, the mean and the count', async () => {
    expect(await report([one], 200)).toMatch(
      /^end to end {2}planned {4}60,000 +20\.8ms +2\.96ms +3\.31ms +3\.66ms +3\.96ms +859ms +1\.34s +1\.40s +1\.40s$/m,
    );
  });

  test.each([60, 80, 200])('%i columns: no line is longer', async (columns) => {
    for (const argv of [[one, '-v'], [both]])
      for (const line of (await report(argv, columns)).split('\n'))
        expect(visibleWidth(line), line).toBeLessThanOrEqual(columns);
  });

  test('the course shows the stall as a gap in p99, a dip in the rate, and the fault below it', async () => {
    const lines = (await report([one], 120)).split('\n');
    const [p99 = '', rate = '', , marks = ''] = lines.slice(lines.indexOf('Over time') + 1);
    // Each sign is a second, from the seventh column.
    expect(p99).toMatch(/^p99 {3}▁{32} █▁{29} +up to 1\.39s$/);
    expect(rate[6 + 32]).toBe('▁');
    expect(rate).toMatch(/ {2}0\/s to 2,001\/s$/);
    expect(marks).toBe(`      ww${' '.repeat(30)}F${' '.repeat(29)}d`);
    expect(lines.find((line) => line.startsWith('a sign is'))).toBe(
      'a sign is 1.0s, w warm-up, F a fault, d drain; blank: nothing ended, or nothing is known',
    );
  });

  test('wanted and reached, counts, thresholds with their values, and the verdict with its reasons last', async () => {
    const text = await report([one], 80);
    expect(text).toMatch(/^wanted {5}1,000\/s$/m);
    expect(text).toMatch(/^confirmed {2}1,000\/s \(100% of wanted\)$/m);
    expect(text).toMatch(/^correctness {2}0 lost, 0 doubled, 0 out of order, 0 corrupted, 0 foreign$/m);
    expect(text).toContain('failed  endToEnd.p99 < 10ms: endToEnd.p99 was 859ms\n');
    expect(text).toContain('ok      lost == 0: lost was 0\n');
    expect(text).toMatch(/32\.0s {2}pause redis for 1\.4s {2}nothing came again, recovered after 1\.52s/);
    expect(text).toMatch(/\nfailed\n {2}endToEnd\.p99 < 10ms does not hold: it was 859 ms\n$/);
    expect(text).not.toContain('Environment');
    expect(await report([one, '-v'], 80)).toContain('Environment\nhost      load-1, linux x64\n');
  });

  test('several runs are told one after the other, with all verdicts at the end', async () => {
    const text = await report([both], 80);
    expect(text).toMatch(
      /2 runs: 1 failed, 1 passed\nRUN +VERDICT\norders .*\(.*\) +failed\nagain +passed\n$/,
    );
    expect(await report([one, both])).toContain('3 runs: 2 failed, 1 passed');
  });
});

describe('the report of a run for other programs', () => {
  test('as JSON and YAML it is the run, and several are a file of results: both can be read again', async () => {
    for (const [file, runs] of [
      [one, [result]],
      [both, [result, other]],
    ] as const) {
      const path = join(folder, 'printed.json');
      await report([file, '-o', 'json', '--out-file', path]);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readResults(path)).toEqual(runs);
    }
    expect(JSON.parse(await report([one, '-o', 'json']))).toMatchObject({ type: 'load', run: result.run });
    expect(JSON.parse(await report([both, '-o', 'ndjson']))).toMatchObject({ type: 'load-results' });
    expect(parse(await report([one, '-o', 'yaml']))).toEqual(result);
  });

  test('as Markdown: the verdict above all, then tables', async () => {
    const page = await report([one, '-o', 'markdown']);
    expect(page.match(/^#{1,2} .*/gm)).toEqual([
      '# Load test orders at the rate of a Monday (20260115-100000-4f2a): failed',
      '## Latency',
      '## Messages',
      '## Backend, at most',
      '## Generator',
      '## Faults',
      '## Thresholds',
      '## Environment',
    ]);
    expect(page).toContain('| end to end | planned | 60,000 | 20.8ms | 2.96ms |');
    expect(page).toContain('| failed | endToEnd.p99 \\< 10ms | endToEnd.p99 was 859ms |');
    for (const [line] of page.matchAll(/^\|.*$/gm)) expect(line).toMatch(/\|$/);
  });

  test('as JUnit: each run is a suite of its validity and its thresholds', async () => {
    const document = await report([both, '-o', 'junit']);
    expect(outlineOf(document)).toEqual({ name: 'testsuites', failures: 1 });
    expect([...document.matchAll(/<testcase [^>]*name="([^"]*)"/g)].map(([, name]) => name)).toEqual([
      ...['the run is valid', 'endToEnd.p99 &lt; 10ms', 'lost == 0'],
      ...['the run is valid', 'endToEnd.p99 &lt; 10ms', 'lost == 0'],
    ]);
    expect(document).toContain(
      '<failure message="endToEnd.p99 &lt; 10ms does not hold: endToEnd.p99 was 859ms">',
    );
  });

  test('as HTML: one page, into a file', async () => {
    const path = join(folder, 'report.html');
    expect(await report([both, '-o', 'html', '--out-file', path])).toBe('');
    const page = await readFile(path, 'utf8');
    expect(page).toMatch(/^<!doctype html>\n/);
    expect(page.match(/<section class="run"/g)).toHaveLength(2);
  });
});

test('a file that holds no results ends it with the code of a bad configuration', async () => {
  const { code, stdout, stderr } = await runCommand(['load', 'report', one, join(folder, 'none.json')], {
    url: '',
  });
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  expect(stderr).toContain('none.json (ENOENT)');
});
