import { type Browser, chromium } from 'playwright-core';
import { findChromium } from '../../scripts/ensure-chromium.mjs';

/** Why tests in a browser are skipped; null where they are not. */
export const NO_CHROMIUM = findChromium() ? null : 'no chromium on PATH, see scripts/ensure-chromium.mjs';

/** A browser without a window. It has no sandbox: tests may run as root, and open nothing but their own pages. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium()!, args: ['--no-sandbox'] });
}
