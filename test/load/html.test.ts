import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatHtml } from '../../commands/load/html/page.ts';
import type { LoadResult } from '../../src/load/index.ts';
import { sampleResult } from './sample-result.ts';

let result: LoadResult;
beforeAll(() => {
  result = sampleResult({}, { perSecond: 100 });
});

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

describe('the HTML report', () => {
  test('loads nothing, and lets no script run but its own, by their hashes', async () => {
    const page = await formatHtml([result]);
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page)!;
    const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text!);
    const styles = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text]) => text!);
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        `script-src ${hashOf(scripts[0]!)}`,
        `style-src ${hashOf(styles[0]!)}`,
      ]),
    );
    expect([scripts.length, styles.length]).toEqual([1, 1]);
    expect(page).not.toMatch(/\b(?:src|href)="(?!#|data:,")|url\(|@import| style="| on\w+="/);
  });

  test('a run of an hour stays below 1 MB, and its one long second is in it', async () => {
    const [quiet, worst] = [
      result.seconds[20]!,
      result.seconds.findLast(({ endToEnd }) => endToEnd !== null && endToEnd.max > 1000)!,
    ];
    const seconds = Array.from({ length: 3600 }, (_, second) => ({
      ...(second === 1801 ? worst : quiet),
      second,
    }));
    const page = await formatHtml([{ ...result, seconds }]);
    expect(page.length).toBeLessThan(1_000_000);
    const [, rows = ''] = /id="run1-end-to-end-title"[\s\S]*?data-rows="([^"]*)"/.exec(page)!;
    expect(rows.split(';')).toHaveLength(500);
    const peak = rows.split(';').filter((row) => /\|1\.\d\ds/.test(row));
    expect(peak).toHaveLength(1);
    expect(peak[0]).toMatch(/^30m to 30m6s\|1\.40s\|/);
  });

  test('a second without data is a gap in the line, and a dash in the numbers', async () => {
    const page = await formatHtml([result]);
    const [, p99 = ''] = /id="run1-end-to-end-title"[\s\S]*?<path class="line s2" d="([^"]*)"/.exec(page)!;
    expect(p99.match(/M/g)).toHaveLength(2);
    expect(page).toMatch(/<tr><th scope="row">32s<\/th><td>-<\/td><td>-<\/td><td>-<\/td><\/tr>/);
  });

  test('names and reasons from elsewhere are text, wherever they stand', async () => {
    const nasty = `</script><img src=x onerror="alert(1)">'&`;
    const page = await formatHtml([
      {
        ...result,
        ...{ name: nasty, run: nasty, reasons: [nasty] },
        target: { ...result.target, name: nasty, label: nasty, version: nasty, kind: nasty },
        faults: [{ text: nasty, atMs: 1, done: false, why: nasty, redelivered: 0, recoveredMs: null }],
        thresholds: [{ text: nasty, holds: false, values: { [nasty]: 1 } }],
        generator: { ...result.generator, limited: true, reasons: [nasty] },
        environment: { ...result.environment, host: nasty, workloadParts: { [nasty]: nasty } },
      },
      result,
    ]);
    expect(page).not.toMatch(/<img|onerror="/);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
    expect(
      page.match(/&lt;\/script&gt;&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;&#39;&amp;/g)!.length,
    ).toBeGreaterThan(12);
  });

  test('what was not measured has no chart', async () => {
    const latency = Object.fromEntries(Object.keys(result.latency).map((stage) => [stage, null]));
    const seconds = result.seconds.map((second) => ({
      ...second,
      enqueue: null,
      endToEnd: null,
      backend: null,
    }));
    const page = await formatHtml([{ ...result, seconds, latency: latency as LoadResult['latency'] }]);
    const titles = [...page.matchAll(/<h4 [^>]*>([^<]*)</g)].map(([, title]) => title);
    expect(titles).toEqual(['Rate', 'CPU', 'Generator held']);
    expect(page).toContain('<p>Nothing ended.</p>');
    await expect(formatHtml([{ ...result, seconds: [], faults: [] }])).resolves.toContain('Percentiles');
  });
});
