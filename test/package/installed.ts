import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tieToThisProcess } from '../support/orphans.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How a program ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end; never fails for an exit code. */
export function execute(file: string, args: string[], cwd: string, env = process.env): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, timeout: 200_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) || 1 : 0, stdout, stderr });
    });
  });
}

/** What `npm pack` says of the tarball. */
export interface Packed {
  filename: string;
  unpackedSize: number;
  files: { path: string; size: number; mode: number }[];
}

/** The tarball, and a prefix into which it was installed as `npm install -g` does. */
export interface Installed {
  folder: string;
  packed: Packed;
  /** The folder of the package. */
  home: string;
  /** What npm said on stderr, without what it says of its own settings. */
  said: string;
}

const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|network/i;

/** Undefined where the registry cannot be reached; every other failure of npm is one of the package. */
export async function install(): Promise<Installed | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-installed-'));
  tieToThisProcess(folder);
  const prefix = join(folder, 'prefix');
  // The build stands there already: to build it once more would take it away from the tests beside this one.
  const pack = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT);
  const [packed] = JSON.parse(pack.stdout) as [Packed];
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'warn'];
  const tarball = join(folder, packed.filename);
  const end = await npm(['install', '--global', '--prefix', prefix, ...quiet, tarball], folder);
  if (end.code !== 0 && OFFLINE.test(end.stderr)) return undefined;
  if (end.code !== 0) throw new Error(`npm install failed: ${end.stderr}`);
  return { folder, packed, home: join(prefix, 'lib/node_modules/qctl'), said: withoutOwn(end.stderr) };
}

/** The binary of another version of Node, from npm; undefined where it cannot be had. */
export async function otherNode(major: string): Promise<string | undefined> {
  const { code, stdout } = await npx([
    '--yes',
    '--prefer-offline',
    `node@${major}`,
    '-p',
    'process.execPath',
  ]);
  return code === 0 ? stdout.trim() : undefined;
}

const npm = (args: string[], cwd: string) => execute('npm', args, cwd);
const npx = (args: string[]) => execute('npx', args, tmpdir());

function withoutOwn(stderr: string): string {
  return stderr.replace(
    /^npm (warn|notice) (Unknown .*config.*|New .*version.*|.*npm install -g npm.*|)$\n?/gim,
    '',
  );
}
