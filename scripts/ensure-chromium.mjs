// Finds the Chromium in which the tests open HTML reports and the page of qctl serve, or installs one. Silent and quick when there is one already.
// Where none can be had it says so and ends with 0: those tests are skipped then, and all others run.
import { findProgram, installProgram, isStarted } from './install-program.mjs';

const OVERRIDE = 'QCTL_TEST_CHROMIUM';
const BINARIES = ['chromium', 'chromium-browser', 'google-chrome'];
const PACKAGES = { 'apt-get': ['chromium'], apk: ['chromium'], dnf: ['chromium'] };

/** Path of the browser to use, or undefined when there is none. */
export function findChromium(env = process.env) {
  return findProgram(OVERRIDE, BINARIES, env);
}

function ensure() {
  if (findChromium()) return;
  const named = process.env[OVERRIDE];
  const problem = named
    ? { what: `${OVERRIDE}=${named} is not an executable file` }
    : installProgram('chromium', PACKAGES, () => Boolean(findChromium()));
  if (!problem) return;
  process.stdout.write(
    [
      `ensure-chromium: ${problem.what}`,
      ...(problem.detail ? [problem.detail] : []),
      `The tests of HTML reports and of the page are skipped. To run them install chromium, or name its binary: ${OVERRIDE}=/path/to/chromium`,
      '',
    ].join('\n'),
  );
}

if (isStarted(import.meta.url)) ensure();
