// Finds the redis-server that tests, demo and benchmark start, or installs one.
// Silent and quick when there is one already; no dependencies, because it runs first.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OVERRIDE = 'QCTL_TEST_REDIS_SERVER';
const BINARIES = ['redis-server', 'valkey-server'];

/** In order of preference inside one manager: the first package that installs wins. */
const MANAGERS = [
  {
    command: 'apt-get',
    refresh: ['apt-get', 'update', '-qq'],
    install: (name) => ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', name],
    packages: ['redis-server', 'valkey-server'],
    needsRoot: true,
  },
  {
    command: 'apk',
    install: (name) => ['apk', 'add', '--quiet', '--no-cache', name],
    packages: ['redis', 'valkey'],
    needsRoot: true,
  },
  {
    command: 'dnf',
    install: (name) => ['dnf', 'install', '-y', '-q', name],
    packages: ['redis', 'valkey'],
    needsRoot: true,
  },
  {
    command: 'brew',
    install: (name) => ['brew', 'install', '--quiet', name],
    packages: ['redis', 'valkey'],
    needsRoot: false,
  },
];

/**
 * Path of the Redis (or Valkey) server to use, or undefined when there is none.
 * A path named in the environment is never replaced by another one.
 */
export function findRedisServer(env = process.env) {
  const named = env[OVERRIDE];
  if (named) return named.includes('/') ? executable(named) : onPath(named, env);
  return BINARIES.map((name) => onPath(name, env)).find(Boolean);
}

function onPath(name, env = process.env) {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => executable(join(folder, name))).find(Boolean);
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

function ensure() {
  if (findRedisServer()) return;
  if (process.env[OVERRIDE]) fail(`${OVERRIDE}=${process.env[OVERRIDE]} is not an executable file`);
  const manager = MANAGERS.find(({ command }) => onPath(command));
  if (!manager) fail('no redis-server or valkey-server on PATH, and no package manager that is known here');
  const prefix = privilege(manager);
  process.stdout.write(`redis-server not found, installing it with ${manager.command}\n`);
  const problem = install(manager, prefix);
  if (!findRedisServer()) fail(`${manager.command} could not install redis-server`, problem);
}

/** What to put before a command so that it may install; fails rather than asks for a password. */
function privilege({ command, needsRoot }) {
  if (!needsRoot || process.getuid?.() === 0) return [];
  const allowed = onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (!allowed) fail(`redis-server is missing, and ${command} needs root (sudo would ask for a password)`);
  return ['sudo', '-n'];
}

function install(manager, prefix) {
  // A failing refresh may concern a foreign repository only, so the installation decides.
  if (manager.refresh) run(prefix, manager.refresh);
  let problem = '';
  for (const name of manager.packages) {
    const result = run(prefix, manager.install(name));
    if (result.status === 0 && findRedisServer()) return '';
    problem ||= `${result.stderr}`.trim().split('\n').slice(-3).join('\n');
  }
  return problem;
}

function run(prefix, command) {
  // RUNLEVEL=1 keeps Debian's script from starting a system service on port 6379.
  const settings = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'HOMEBREW_NO_AUTO_UPDATE=1'];
  const [program, ...args] = [...prefix, 'env', ...settings, ...command];
  return spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
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

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) ensure();
