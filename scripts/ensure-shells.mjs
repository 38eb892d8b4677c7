// Finds the shells in which the tests press Tab, and tmux to press it in, or gets them. Silent and quick when they are
// there. Where one cannot be had it says so and ends with 0: its tests are skipped then, and all others run.
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executable, findProgram, installProgram, isStarted, unpackDebianTree } from './install-program.mjs';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/qctl/shells', import.meta.url));

/** A shell that is installed enters itself into /etc/shells, so that Debian's packages of shells are only unpacked. */
const PROGRAMS = {
  bash: { unpacked: 'bin/bash', debian: ['bash'] },
  zsh: { unpacked: 'bin/zsh', debian: ['zsh', 'zsh-common'] },
  fish: { unpacked: 'usr/bin/fish', debian: ['fish', 'fish-common', 'libpcre2-32-0'] },
  tmux: {},
};

/**
 * The program to use, or undefined where there is none.
 *
 * @param name bash, zsh, fish or tmux; `QCTL_TEST_ZSH` and so on name another binary
 * @returns its path, and the folder that Debian's packages were unpacked in where it was not installed
 */
export function findShell(name, env = process.env) {
  const override = overrideOf(name);
  const path = findProgram(override, [name], env);
  if (path || env[override]) return path && { path };
  const { unpacked } = PROGRAMS[name];
  const tree = join(CACHE, name);
  const binary = unpacked && executable(join(tree, unpacked));
  return binary && { path: binary, tree };
}

function overrideOf(name) {
  return `QCTL_TEST_${name.toUpperCase()}`;
}

function ensure(name) {
  if (findShell(name)) return;
  const override = overrideOf(name);
  const named = process.env[override];
  const problem = named ? { what: `${override}=${named} is not an executable file` } : get(name);
  if (!problem) return;
  process.stdout.write(
    [
      `ensure-shells: ${problem.what}`,
      ...(problem.detail ? [problem.detail] : []),
      `The tests of completion in ${name} are skipped. To run them install ${name}, or name its binary: ${override}=/path/to/${name}`,
      '',
    ].join('\n'),
  );
}

function get(name) {
  const { debian } = PROGRAMS[name];
  const unpacked = debian ? unpackDebianTree(name, debian, join(CACHE, name)) : null;
  if (unpacked === undefined) settle(name);
  if (unpacked !== null) return unpacked;
  const packages = { ...(!debian && { 'apt-get': [name] }), apk: [name], dnf: [name], brew: [name] };
  return installProgram(name, packages, () => Boolean(findShell(name)));
}

/** fish believes that it was moved only where its settings are there as well. */
function settle(name) {
  const link = join(CACHE, name, 'usr', 'etc');
  if (name === 'fish' && !existsSync(link)) symlinkSync('../etc', link);
}

if (isStarted(import.meta.url)) for (const name of Object.keys(PROGRAMS)) ensure(name);
