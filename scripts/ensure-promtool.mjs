// Finds promtool, with which the tests check what Prometheus is given, or gets it. Silent and quick when it is there.
// Where it cannot be had it says so and ends with 0: those tests are skipped then, and all others run.
import { fileURLToPath } from 'node:url';
import { executable, findProgram, installProgram, isStarted, unpackDebian } from './install-program.mjs';

const OVERRIDE = 'QCTL_TEST_PROMTOOL';
const PACKAGES = { apk: ['prometheus'], dnf: ['golang-github-prometheus'], brew: ['prometheus'] };
/** Debian's package starts a Prometheus with the machine, so only this one program is taken out of it. */
const UNPACKED = fileURLToPath(new URL('../node_modules/.cache/qctl/promtool', import.meta.url));

/** Path of the program to use, or undefined when there is none. */
export function findPromtool(env = process.env) {
  return findProgram(OVERRIDE, ['promtool'], env) ?? (env[OVERRIDE] ? undefined : executable(UNPACKED));
}

function ensure() {
  if (findPromtool()) return;
  const named = process.env[OVERRIDE];
  const problem = named ? { what: `${OVERRIDE}=${named} is not an executable file` } : get();
  if (!problem) return;
  process.stdout.write(
    [
      `ensure-promtool: ${problem.what}`,
      ...(problem.detail ? [problem.detail] : []),
      `The tests of alert rules are skipped. To run them install prometheus, or name its tool: ${OVERRIDE}=/path/to/promtool`,
      '',
    ].join('\n'),
  );
}

function get() {
  const unpacked = unpackDebian('prometheus', './usr/bin/promtool', UNPACKED);
  return unpacked === null ? installProgram('promtool', PACKAGES, () => Boolean(findPromtool())) : unpacked;
}

if (isStarted(import.meta.url)) ensure();
