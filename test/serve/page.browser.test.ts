import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { operateBreaker } from '../../src/breaker/index.ts';
import { NO_CHROMIUM, startChromium } from '../support/chromium.ts';
import { type QctlProcess, spawnQctl } from '../support/qctl.ts';
import { waitFor } from '../support/wait.ts';
import { HELD, HOSTILE, LETTERS, openPageWorld, type PageWorld, TOKEN } from './page-driver.ts';

let world: PageWorld;
let serving: QctlProcess;
let browser: Browser;
let page: Page;
let axe: string;
/** What the page has said, or asked for elsewhere. */
const said: string[] = [];
const foreign: string[] = [];

const title = 'the page of qctl serve in Chromium';
const skip = NO_CHROMIUM !== null;

beforeAll(async () => {
  if (skip) return;
  world = await openPageWorld();
  serving = await world.serve('--allow-actions');
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  browser = await startChromium();
  page = await browser.newPage({ reducedMotion: 'reduce' });
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('dialog', (dialog) => void said.push(dialog.message()));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(world.url).origin && !request.url().startsWith('data:'))
      foreign.push(request.url());
  });
  await page.goto(world.url);
  await shown(page.getByText('live', { exact: true }));
});
beforeEach(() => (skip ? undefined : look('light', 1600)));
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function look(colorScheme: 'light' | 'dark', width: number): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 900 });
}

/** Within the page that is open: nothing is loaded anew. */
const go = (hash: string) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
const shown = (what: Locator) => what.first().waitFor({ timeout: 20_000 });
const row = (name: string) => page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
const card = (name: string) => page.getByRole('article').filter({ has: page.getByRole('heading', { name }) });

/** Findings that keep somebody from using the page. */
async function grave(): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' ')))`);
}

const VIEWS: [view: string, hash: string, sees: string[]][] = [
  [
    'Overview',
    '#/overview',
    [
      'Operations /s',
      'Hit ratio',
      'Clients',
      'Up for',
      `Breaker ${HELD} is held open`,
      '2 dead letters in orders:dead',
    ],
  ],
  ['Streams', '#/streams', ['orders', 'webhook-events', HOSTILE, '1,500']],
  ['orders', '#/stream/orders', ['workers', 'worker-1', 'stuck', 'worker-2', 'Rates', 'Oldest pending']],
  ['workers', '#/stream/orders/workers', ['Pending entries', 'the first', 'up to 1m00s']],
  ['Dead letters', '#/dead-letters', ['orders:dead']],
  ['orders:dead', '#/dead-letters/orders%3Adead', [LETTERS[0], `TypeError: ${HOSTILE}`, 'body: (binary)']],
  [
    'orders:dead',
    `#/dead-letters/orders%3Adead/${LETTERS[0]}`,
    [`Message ${LETTERS[0]}`, `"note": "${HOSTILE}"`, 'Copy'],
  ],
  ['Breakers', '#/breakers', [HELD, 'held open', 'ann@desk', 'the index is rebuilt', 'payments']],
  ['Drains', '#/drains', ['by', 'following', 'webhook-events', 'Appended']],
  ['Cutovers', '#/cutovers', ['night-move', 'waiting', ': approval (the flip)', '1 of 3 steps', 'applied']],
  ['Routes', '#/routes', ['25%', 'ann@desk', 'first quarter']],
  ['Old and new', '#/moves', ['webhooks', 'Old queue', 'New stream', 'The old queue could not be counted']],
  ['Processing', '#/processing', ['render', 'old', 'new', 'p95', '320ms']],
];

describe.skipIf(skip)(skip ? `${title} (${NO_CHROMIUM})` : title, () => {
  test.each(VIEWS)(
    '%s at %s: what is there is shown, on a wide light screen and a small dark one',
    async (view, hash, sees) => {
      await go(hash);
      await shown(page.getByRole('heading', { level: 1, name: view, exact: true, includeHidden: true }));
      for (const text of sees) await shown(page.getByText(text));
      expect(await grave()).toEqual([]);
      await look('dark', 360);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(await grave()).toEqual([]);
      expect({ said, foreign }).toEqual({ said: [], foreign: [] });
    },
  );

  test('an entry that is added is counted, and a breaker that is tripped is shown and said, without a reload', async () => {
    await go('#/streams?q=live');
    await shown(page.getByText('No stream has that in its name'));
    await page.evaluate('window.same = true');
    await world.redis.client.xadd('live', '*', 'n', '1');
    await shown(row('live').getByRole('cell', { name: '1', exact: true }));
    await world.redis.client.xadd('live', '*', 'n', '2');
    await shown(row('live').getByRole('cell', { name: '2', exact: true }));
    await go('#/breakers');
    await shown(card('payments').getByText('closed'));
    await operateBreaker(
      world.redis,
      'payments',
      { verb: 'trip' },
      { by: 'bo', host: 'desk', reason: 'it burns' },
    );
    await shown(card('payments').getByText('bo: it burns'));
    const told = page.getByRole('status').filter({ hasText: 'breaker payments: closed → open' });
    await told.waitFor({ state: 'attached' });
    expect(await page.evaluate('window.same')).toBe(true);
  });

  test('a stream that grows is drawn on: its chart has a title, a description, and its numbers as a table', async () => {
    await go('#/stream/live');
    const chart = page.getByRole('figure').filter({ has: page.getByRole('heading', { name: 'Length' }) });
    await shown(chart.locator('canvas'));
    const slider = chart.getByRole('slider', { name: 'Length' });
    await waitFor(async () => /length from \d/.test((await chart.locator('p.hidden').textContent()) ?? ''));
    await slider.focus();
    await page.keyboard.press('Home');
    await waitFor(async () => /: length [12]$/.test((await slider.getAttribute('aria-valuetext')) ?? ''));
    await chart.getByText('Numbers').click();
    await shown(chart.getByRole('cell', { name: '2', exact: true }));
  });

  test('actions ask for a reason, are done, and stand in the audit: a breaker, a drain, a cutover', async () => {
    const act = async (button: string, confirm: string, reason: string, behind: Locator): Promise<void> => {
      await page.getByRole('button', { name: button, exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: confirm, exact: true }).click();
      // Nothing is sent without one.
      expect(
        await dialog
          .getByLabel('Reason')
          .evaluate((input: { validity: { valid: boolean } }) => input.validity.valid),
      ).toBe(false);
      await dialog.getByLabel('Reason').fill(reason);
      await dialog.getByRole('button', { name: confirm, exact: true }).click();
      const done = dialog.getByText('Done. It stands in the audit');
      await shown(done);
      // The answer stays until it is closed, also where the button is no longer there.
      await shown(behind);
      expect(await done.isVisible()).toBe(true);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    };
    const state = (name: string, text: string) => card(name).getByText(text, { exact: true });
    const { drain, cutover } = world;
    await go('#/breakers');
    await act(`Release breaker ${HELD}`, 'Release', 'the index is back', state(HELD, 'closed'));
    await go('#/drains');
    await act(`Pause drain ${drain}`, 'Pause', HOSTILE, state(drain, 'paused'));
    await shown(card(drain).getByText(HOSTILE));
    await act(`Resume drain ${drain}`, 'Resume', 'go on', state(drain, 'following'));
    await go('#/cutovers');
    const completed = state('night-move', 'completed');
    await act(`Approve step gate of cutover ${cutover}`, 'Approve', 'all is well', completed);
    expect(await world.redis.client.get('mark')).toBe('flipped');
    const audit = await world.redis.client.xrange('qctl:audit', '-', '+');
    const done = audit.flatMap(([, fields]) =>
      fields.includes('ended') && fields.includes('done') ? [fields] : [],
    );
    expect(done.map((fields) => fields[fields.indexOf('what') + 1])).toEqual([
      'breaker release',
      'drain pause',
      'drain resume',
      'cutover approve',
    ]);
  });

  test('what is asked for stays what was pressed, whatever others do meanwhile, and goes with the view', async () => {
    const elsewhere = async (verb: string): Promise<void> => {
      const { code, stderr } = await spawnQctl(['drain', verb, world.drain, '--redis-url', world.server.url])
        .done;
      expect({ code, stderr }).toMatchObject({ code: 0 });
    };
    await go('#/drains');
    await page.getByRole('button', { name: `Pause drain ${world.drain}` }).click();
    const dialog = page.getByRole('dialog', { name: `Pause drain ${world.drain}` });
    await dialog.getByLabel('Reason').fill('half a sent');
    await elsewhere('pause');
    await shown(card(world.drain).getByText('paused', { exact: true }));
    expect(await dialog.getByLabel('Reason').inputValue()).toBe('half a sent');
    expect(await dialog.getByRole('button', { name: 'Pause', exact: true }).isEnabled()).toBe(true);
    await elsewhere('resume');
    await go('#/breakers');
    await dialog.waitFor({ state: 'detached' });
  });

  test('all of it goes by keyboard, and it is seen where one is', async () => {
    await page.goto(`${world.url}#/streams`);
    await page.reload();
    await shown(row('orders'));
    const focused = (): Promise<{ name: string; outlined: boolean }> =>
      page.evaluate(`(() => { const at = document.activeElement; const { outlineStyle } = getComputedStyle(at);
        return { name: at.getAttribute('aria-label') ?? at.textContent ?? '', outlined: outlineStyle !== 'none' }; })()`);
    const names: string[] = [];
    for (let tabs = 0; tabs < 24 && !names.at(-1)?.startsWith('Lag'); tabs += 1) {
      await page.keyboard.press('Tab');
      const { name, outlined } = await focused();
      expect({ name, outlined }).toEqual({ name, outlined: true });
      names.push(name);
    }
    expect(names.slice(0, 3)).toEqual(['Skip to the content', 'Look: system. Change to light', 'Overview']);
    expect(names.at(-1)).toBe('Lag');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const lag = page.getByRole('columnheader', { name: 'Lag' });
    expect(await lag.getAttribute('aria-sort')).toBe('descending');
    expect(await page.getByRole('rowheader').first().textContent()).toBe('orders');
    expect(page.url()).toContain('sort=lag&dir=desc');
    await go('#/dead-letters/orders%3Adead');
    const letter = page.getByRole('link', { name: LETTERS[0] });
    await letter.focus();
    await page.keyboard.press('Enter');
    const json = page.getByRole('tab', { name: 'JSON' });
    await shown(json);
    await json.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: 'Text' }).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('End');
    await shown(page.getByText('00000000  7b 22 6e 6f 74 65'));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await waitFor(async () => (await focused()).name === LETTERS[0]);
  });

  test('the look that was chosen stands above that of the system, also after a reload', async () => {
    const background = (): Promise<string> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    for (const next of ['light', 'dark'])
      await page.getByRole('button', { name: `Change to ${next}` }).click();
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    await shown(page.getByRole('heading', { level: 1 }));
    expect(await background()).toBe(dark);
    await page.getByRole('button', { name: 'Change to system' }).click();
    expect(await background()).toBe(light);
  });

  test('names and bodies that are markup have made nothing', async () => {
    expect(await page.locator('img, iframe, script:not([src="app.js"])').count()).toBe(0);
    expect({ said, foreign }).toEqual({ said: [], foreign: [] });
  });

  test('while Redis is away it says so, and how old the numbers are; then it goes on', async () => {
    await go('#/streams');
    await world.server.kill9();
    await shown(page.getByText(/^Redis is away since/));
    await shown(page.getByText(/The numbers below are \d+\.0s old/));
    expect(await page.locator('main[data-old]').count()).toBe(1);
    expect(await grave()).toEqual([]);
    await world.server.restart();
    await page.locator('#banner').waitFor({ state: 'detached', timeout: 20_000 });
    await add('back');
    await shown(row('back'));
  });

  test('while the server is gone it says so; with the next one it starts anew', async () => {
    await go('#/stream/back');
    await stopServing();
    await shown(page.getByText(/^No connection to qctl serve/));
    expect(await page.locator('main[data-old]').count()).toBe(1);
    serving = await world.serve();
    await page
      .getByRole('button', { name: 'Connect now' })
      .click({ timeout: 1000 })
      .catch(() => undefined);
    await page.locator('#banner').waitFor({ state: 'detached', timeout: 20_000 });
    await add('back');
    await shown(page.locator('.tile').filter({ hasText: 'Length' }).getByText('2', { exact: true }));
    await shown(page.getByText('read-only'));
  });

  test('where somebody has to log in it asks for the token, and goes on where it was', async () => {
    await stopServing();
    serving = await world.serve('--token-file', 'token');
    const token = page.getByLabel('Token');
    await token.waitFor({ timeout: 20_000 });
    expect(await grave()).toEqual([]);
    await token.fill('something else entirely');
    await page.keyboard.press('Enter');
    await shown(page.getByRole('alert').getByText('is not right'));
    await token.fill(TOKEN);
    await page.keyboard.press('Enter');
    await shown(page.getByRole('heading', { level: 1, name: 'back' }));
    await shown(page.getByText('live', { exact: true }));
    expect(foreign).toEqual([]);
  });

  async function stopServing(): Promise<void> {
    serving.child.kill('SIGTERM');
    await serving.done;
  }

  /** The test's own connection comes back when it does. */
  function add(stream: string): Promise<unknown> {
    return waitFor(() => world.redis.client.xadd(stream, '*', 'n', '1'), { timeoutMs: 20_000 });
  }
});
