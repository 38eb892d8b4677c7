// What the scripts share that look for a program and install it where it is missing. No dependencies: they run first.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In order of preference. */
const MANAGERS = [
  {
    command: 'apt-get',
    refresh: ['apt-get', 'update', '-qq'],
    install: (name) => ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', name],
    needsRoot: true,
  },
  {
    command: 'apk',
    install: (name) => ['apk', 'add', '--quiet', '--no-cache', name],
    needsRoot: true,
  },
  {
    command: 'dnf',
    install: (name) => ['dnf', 'install', '-y', '-q', name],
    needsRoot: true,
  },
  {
    command: 'brew',
    install: (name) => ['brew', 'install', '--quiet', name],
    needsRoot: false,
  },
];

/**
 * Path of a program, or undefined when there is none. One that is named in the environment is never replaced by
 * another one.
 *
 * @param override name of the variable that may name it, with or without its folder
 * @param binaries names to look for, the preferred one first
 */
export function findProgram(override, binaries, env = process.env) {
  const named = env[override];
  if (named) return named.includes('/') ? executable(named) : onPath(named, env);
  return binaries.map((name) => onPath(name, env)).find(Boolean);
}

function onPath(name, env = process.env) {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => executable(join(folder, name))).find(Boolean);
}

/** A path where it can be run, else undefined. */
export function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Installs a program with the package manager of this system, and never asks for a password.
 *
 * @param name what is missing
 * @param packages of each manager; the first that installs wins
 * @param isThere whether it can be found now
 * @returns undefined once it is there, else what went wrong, and what the manager has said of it
 */
export function installProgram(name, packages, isThere) {
  const manager = MANAGERS.find(({ command }) => packages[command] && onPath(command));
  if (!manager) return { what: `no ${name} on PATH, and no package manager that is known here` };
  const prefix = privilege(manager);
  if (!prefix)
    return { what: `${name} is missing, and ${manager.command} needs root (sudo would ask for a password)` };
  process.stdout.write(`${name} not found, installing it with ${manager.command}\n`);
  const detail = install(manager, prefix, packages[manager.command], isThere);
  return isThere() ? undefined : { what: `${manager.command} could not install ${name}`, detail };
}

/** What to put before a command so that it may install; undefined where that would need a password. */
function privilege({ needsRoot }) {
  if (!needsRoot || process.getuid?.() === 0) return [];
  const allowed = onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return allowed ? ['sudo', '-n'] : undefined;
}

function install(manager, prefix, packages, isThere) {
  // A failing refresh may concern a foreign repository only, so the installation decides.
  if (manager.refresh) run(prefix, manager.refresh);
  let problem = '';
  for (const name of packages) {
    const result = run(prefix, manager.install(name));
    if (result.status === 0 && isThere()) return '';
    problem ||= `${result.stderr}`.trim().split('\n').slice(-3).join('\n');
  }
  return problem;
}

function run(prefix, command) {
  // RUNLEVEL=1 keeps Debian's script from starting a system service, redis-server on port 6379 for one.
  const settings = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'HOMEBREW_NO_AUTO_UPDATE=1'];
  const [program, ...args] = [...prefix, 'env', ...settings, ...command];
  return spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
}

/**
 * Takes one program out of a Debian package without installing it: neither does a service of the package start then,
 * now or with the machine, nor is root needed.
 *
 * @param name of the package
 * @param member path of the program in it: `./usr/bin/promtool`
 * @param target where it is put
 * @returns undefined once it is there, null where this is no Debian, else what went wrong
 */
export function unpackDebian(name, member, target) {
  if (!onPath('apt-get') || !onPath('dpkg-deb')) return null;
  process.stdout.write(`${member.split('/').at(-1)} not found, taking it out of Debian's package ${name}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'qctl-unpack-'));
  try {
    const problem = downloadDebian([name], folder);
    if (problem) return { what: `apt-get could not download ${name}`, detail: problem };
    const archive = join(
      folder,
      readdirSync(folder).find((file) => file.endsWith('.deb')),
    );
    const pipe = 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" "$3"';
    const unpacked = spawnSync('sh', ['-c', pipe, 'sh', archive, folder, member], { encoding: 'utf8' });
    if (!executable(join(folder, member)))
      return { what: `${name} holds no ${member}`, detail: `${unpacked.stderr}`.trim() };
    mkdirSync(dirname(target), { recursive: true });
    // Beside each other, so that a run at the same time never finds half a program.
    spawnSync('cp', [join(folder, member), `${target}.${process.pid}`]);
    renameSync(`${target}.${process.pid}`, target);
    return undefined;
  } catch (error) {
    return { what: `${name} could not be unpacked`, detail: error.message };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Unpacks whole Debian packages into one folder without installing them, for a program that needs files beside it.
 *
 * @param what is missing, as it is told
 * @param names of the packages
 * @param target folder that they are put in; it holds all of them or is not there
 * @returns as {@link unpackDebian}
 */
export function unpackDebianTree(what, names, target) {
  if (!onPath('apt-get') || !onPath('dpkg-deb')) return null;
  process.stdout.write(`${what} not found, unpacking Debian's ${names.join(', ')}\n`);
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'qctl-unpack-'));
  const tree = mkdtempSync(`${target}.`);
  try {
    const problem = downloadDebian(names, folder);
    if (problem) return { what: `apt-get could not download ${names.join(', ')}`, detail: problem };
    for (const archive of readdirSync(folder)) {
      const unpacked = spawnSync('dpkg-deb', ['-x', join(folder, archive), tree], { encoding: 'utf8' });
      if (unpacked.status !== 0)
        return { what: `${archive} could not be unpacked`, detail: `${unpacked.stderr}`.trim() };
    }
    // A run at the same time may have been faster; what it has put there is as good.
    if (!existsSync(target)) renameSync(tree, target);
    return undefined;
  } catch (error) {
    return { what: `${what} could not be unpacked`, detail: error.message };
  } finally {
    for (const made of [folder, tree]) rmSync(made, { recursive: true, force: true });
  }
}

/** What went wrong, in a few lines; empty where nothing did. The lists are refreshed only where that is needed. */
function downloadDebian(names, folder) {
  const download = () =>
    spawnSync('apt-get', ['download', '-qq', ...names], { cwd: folder, encoding: 'utf8' });
  if (download().status === 0) return '';
  const manager = MANAGERS.find(({ command }) => command === 'apt-get');
  const prefix = privilege(manager);
  if (prefix) run(prefix, manager.refresh);
  const again = download();
  return again.status === 0
    ? ''
    : `${again.stderr}`.trim().split('\n').slice(-3).join('\n') || 'apt-get failed';
}

/** True in a script that was started by itself, and not imported. */
export function isStarted(url) {
  return Boolean(process.argv[1]) && realpathSync(process.argv[1]) === fileURLToPath(url);
}
