import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { release, tieToThisProcess } from '../test/support/orphans.ts';
import { cleanEnvironment } from '../test/support/qctl.ts';
import { ownFolder } from '../test/support/server-process.ts';

const BINARY = fileURLToPath(new URL('../bin/qctl.js', import.meta.url));
const USAGE = new URL('./usage.mjs', import.meta.url).href;
/** Makes the result the only thing on stdout, and nothing but the drain what is measured. */
const QCTL_FLAGS = ['--yes', '--quiet', '--no-verify', '-o', 'json'];

/** What a child process took. */
export interface Run {
  wallMs: number;
  cpuMs: number;
  peakBytes: number;
  stdout: string;
}

export interface QctlRun extends Run {
  /** As the drain itself measured it, without the start of the process. */
  elapsedMs: number;
  appended: number;
}

/** Runs the real binary's drain to its end; one of several on a run may end with 8, before the last of them. */
export async function runDrain(args: string[], env: Record<string, string>, codes = [0]): Promise<QctlRun> {
  const run = await runNode([BINARY, 'drain', ...args, ...QCTL_FLAGS], env, codes);
  const { elapsedMs, appended } = JSON.parse(run.stdout) as { elapsedMs: number; appended: number };
  return { ...run, elapsedMs, appended };
}

/** Runs any command of the real binary. */
export function runQctl(args: string[], env: Record<string, string>): Promise<Run> {
  return runNode([BINARY, ...args], env);
}

/** Runs Node with a script, and says what it took. */
export async function runNode(args: string[], env: Record<string, string>, codes = [0]): Promise<Run> {
  const usage = join(tmpdir(), `qctl-bench-usage-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const started = performance.now();
  const stdout = await run(
    process.execPath,
    ['--import', USAGE, ...args],
    { ...env, QCTL_BENCH_USAGE: usage },
    codes,
  );
  const wallMs = performance.now() - started;
  const { cpuMs, peakBytes } = JSON.parse(readFileSync(usage, 'utf8'));
  rmSync(usage);
  return { wallMs, cpuMs, peakBytes, stdout };
}

/** Wall time of a line of shell; its stdout is not looked at. */
export async function timeShell(line: string, env: Record<string, string> = {}): Promise<number> {
  const started = performance.now();
  await run('bash', ['-c', `set -o pipefail; ${line}`], env);
  return performance.now() - started;
}

function run(
  command: string,
  args: string[],
  env: Record<string, string>,
  codes: readonly number[] = [0],
): Promise<string> {
  const child = spawn(command, args, {
    env: { ...cleanEnvironment(), ...env },
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  tieToThisProcess(child.pid);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      release(child.pid);
      if (codes.includes(code ?? -1)) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ').slice(0, 200)} ended with ${code}\n${stderr}`));
    });
  });
}

let folder: string | undefined;

/** Bundles a prototype as qctl itself is bundled, so that neither pays for a compiler; returns its path. */
export async function bundle(name: string): Promise<string> {
  folder ??= ownFolder('bench');
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['pg-native'],
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    logLevel: 'warning',
  });
  return outfile;
}
