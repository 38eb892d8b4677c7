import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatHtml } from '../../commands/load/html/page.ts';
import { NO_CHROMIUM, startChromium } from '../support/chromium.ts';
import { chartFacts, faintTexts, openAllDetails, pageLook } from '../support/in-page.mjs';
import { sampleResult } from './sample-result.ts';

const NASTY = '</script><img src=x onerror=alert(1)>';

let browser: Browser;
let page: Page;
let address: string;
/** What the page has said or asked for since it was opened. */
const said: string[] = [];
const asked: string[] = [];

beforeAll(async () => {
  if (NO_CHROMIUM !== null) return;
  const long = 'a-stream-with-a-name-that-has-no-place-to-break-'.repeat(4);
  const failed = sampleResult({ reasons: [NASTY] });
  const passed = sampleResult({ name: NASTY, run: 'second' }, { seconds: 20, perSecond: 100, stallMs: 0 });
  const path = join(await mkdtemp(join(tmpdir(), 'qctl-html-')), 'report.html');
  await writeFile(path, await formatHtml([{ ...failed, target: { ...failed.target, name: long } }, passed]));
  address = pathToFileURL(path).href;
  browser = await startChromium();
  page = await browser.newPage();
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('dialog', (dialog) => void said.push(dialog.message()));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  await page.evaluate(openAllDetails);
});
afterAll(() => browser?.close());

async function look(colorScheme: 'light' | 'dark', width: number): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 900 });
}

const chartNamed = (name: string) =>
  page
    .locator('section')
    .first()
    .locator('figure')
    .filter({ has: page.getByRole('heading', { name, exact: true }) });

const title = 'the HTML report in Chromium';
describe.skipIf(NO_CHROMIUM !== null)(NO_CHROMIUM === null ? title : `${title} (${NO_CHROMIUM})`, () => {
  test.each([
    ['light', 360],
    ['light', 1600],
    ['dark', 360],
    ['dark', 1600],
  ] as const)('%s, %i px wide: nothing is said, asked for, too wide or too faint', async (scheme, width) => {
    await look(scheme, width);
    await page.locator('.plot').first().focus();
    const background = scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)';
    expect(await page.evaluate(pageLook)).toEqual({ width, background });
    expect(await page.evaluate(faintTexts)).toEqual([]);
    expect({ said, asked }).toEqual({ said: [], asked: [address] });
  });

  test('each chart has its title, its description, its lines, and a table of all its numbers', async () => {
    await look('light', 1600);
    const charts = await page.locator('section').first().locator('figure').evaluateAll(chartFacts);
    const time = { described: true, points: 63, rows: 63, faults: 1, bands: 2 };
    // 60,000 values: 4.78 nines in steps of a twentieth.
    expect(charts).toEqual([
      { title: 'Percentiles', described: true, lines: 4, points: 96, rows: 96, faults: 0, bands: 0 },
      { ...time, title: 'Latency end to end over time', lines: 3 },
      { ...time, title: 'Latency of enqueueing over time', lines: 3 },
      { ...time, title: 'Rate', lines: 4 },
      { ...time, title: 'Backlog', lines: 3 },
      { ...time, title: 'Memory of the server', lines: 2 },
      { ...time, title: 'CPU', lines: 2 },
      { ...time, title: 'Generator held', lines: 1 },
    ]);
  });

  test.each([360, 1600])(
    '%i px wide: the arrow keys go through a chart, and say where they are',
    async (width) => {
      await look('dark', width);
      const chart = chartNamed('Latency end to end over time');
      const plot = chart.getByRole('slider');
      await plot.focus();
      await page.keyboard.press('Home');
      // Six of the 63 seconds each, then one.
      for (const key of [...Array(5).fill('PageUp'), ...Array(3).fill('ArrowRight')])
        await page.keyboard.press(key);
      const tip = chart.locator('.tip');
      await expect.poll(() => tip.isVisible()).toBe(true);
      expect(await tip.locator('strong').textContent()).toBe('33s');
      expect(await tip.locator('span').allTextContents()).toEqual([
        'max1.40s',
        'p991.39s',
        expect.stringMatching(/^p50\d+ms$/),
      ]);
      expect(await plot.getAttribute('aria-valuetext')).toMatch(/^33s: max 1\.40s, p99 1\.39s, p50 \d+ms$/);
      const [inside, outside] = [await tip.boundingBox(), await chart.boundingBox()];
      expect(inside!.x).toBeGreaterThanOrEqual(outside!.x);
      expect(inside!.x + inside!.width).toBeLessThanOrEqual(outside!.x + outside!.width);
      await page.keyboard.press('ArrowLeft');
      expect(await plot.getAttribute('aria-valuetext')).toBe('32s: max -, p99 -, p50 -');
      await page.keyboard.press('Escape');
      expect(await tip.isVisible()).toBe(false);
    },
  );

  test('the pointer shows the nearest point, and takes it away when it leaves', async () => {
    await look('light', 1600);
    const chart = chartNamed('Rate');
    const drawing = chart.locator('.lines');
    await drawing.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await drawing.boundingBox())!;
    await page.mouse.move(x + (width * 33.4) / 63, y + height / 2);
    expect(await chart.locator('.tip strong').textContent()).toBe('33s');
    expect(await chart.locator('.tip span').first().textContent()).toBe('confirmed2,001/s');
    await page.mouse.move(1, 1);
    expect(await chart.locator('.tip').isVisible()).toBe(false);
  });

  test('names that hold markup are shown as they are', async () => {
    await look('light', 1600);
    expect(await page.locator('h2').allTextContents()).toEqual([expect.any(String), `${NASTY} (second)`]);
    expect(await page.locator('.reasons li').first().textContent()).toBe(NASTY);
    expect(await page.locator('img').count()).toBe(0);
  });
});
