// Finds the redis-server that tests, demo and benchmark start, or installs one.
// Silent and quick when there is one already; no dependencies, because it runs first.
import { findProgram, installProgram, isStarted } from './install-program.mjs';

const OVERRIDE = 'QCTL_TEST_REDIS_SERVER';
const BINARIES = ['redis-server', 'valkey-server'];

/** In order of preference inside one manager. */
const PACKAGES = {
  'apt-get': ['redis-server', 'valkey-server'],
  apk: ['redis', 'valkey'],
  dnf: ['redis', 'valkey'],
  brew: ['redis', 'valkey'],
};

/** Path of the Redis (or Valkey) server to use, or undefined when there is none. */
export function findRedisServer(env = process.env) {
  return findProgram(OVERRIDE, BINARIES, env);
}

function ensure() {
  if (findRedisServer()) return;
  if (process.env[OVERRIDE]) fail(`${OVERRIDE}=${process.env[OVERRIDE]} is not an executable file`);
  const problem = installProgram('redis-server', PACKAGES, () => Boolean(findRedisServer()));
  if (problem) fail(problem.what, problem.detail);
}

function fail(what, detail = '') {
  process.stderr.write(
    [
      `ensure-redis: ${what}`,
      ...(detail ? [detail] : []),
      'Install Redis 6.2 or newer (or Valkey), so that redis-server is on PATH:',
      '  Debian, Ubuntu: apt-get install redis-server',
      '  Fedora, RHEL:   dnf install redis   (or valkey)',
      '  Alpine:         apk add redis',
      '  macOS:          brew install redis',
      `or name its binary: ${OVERRIDE}=/path/to/redis-server`,
      '',
    ].join('\n'),
  );
  process.exit(1);
}

if (isStarted(import.meta.url)) ensure();
