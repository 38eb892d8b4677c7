import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../src/backends/process/index.ts';
import { writeShim, writeStubLibrary } from '../../src/cutover/rehearsal/stubs/index.ts';
import { ownFolder, removeFolder } from './server-process.ts';
import { waitFor } from './wait.ts';

/** A service of systemd. */
export interface UnitDefinition {
  argv: string[];
  /** Read at each start, as `EnvironmentFile=` is. */
  envFile?: string;
  env?: Record<string, string>;
  cwd?: string;
  /** Between SIGTERM and SIGKILL. Default 5000. */
  stopTimeoutMs?: number;
  /** Default `disabled`. */
  unitFileState?: string;
  /** Started at once. */
  running?: boolean;
}

/** A deployment. A replica is ready once it has made the file that READY_FILE names; POD_NAME is its name. */
export interface DeploymentDefinition {
  argv: string[];
  /** A value, or `{ valueFrom: … }`. */
  env?: Record<string, string | { valueFrom: unknown }>;
  /** Default 1; running when the manager is there. */
  replicas?: number;
  cwd?: string;
  stopTimeoutMs?: number;
}

/** A service of docker compose. */
export interface ComposeDefinition {
  argv: string[];
  /** Read at each start, as `env_file:` is. */
  envFile?: string;
  env?: Record<string, string>;
  cwd?: string;
  stopTimeoutMs?: number;
  /** Brought up at once. */
  running?: boolean;
}

export interface ServiceManagerOptions {
  units?: Record<string, UnitDefinition>;
  services?: Record<string, ComposeDefinition>;
  /** Of the namespace `default`. */
  deployments?: Record<string, DeploymentDefinition>;
  /** By `NAME/KEY`: what a `secretKeyRef` gives. */
  secrets?: Record<string, string>;
}

/** A systemctl, a kubectl and a docker compose that really start and stop processes. */
export interface ServiceManager {
  folder: string;
  binFolder: string;
  /** With the programs first on PATH. */
  env: Record<string, string>;
  /** Each call so far: `systemctl stop -- worker.service`. */
  log(): Promise<string[]>;
  /** Null where it does not run. */
  pidOf(unit: string): Promise<number | null>;
  /** Of the containers of a service of docker compose that are running. */
  containersOf(service: string): Promise<number[]>;
  /** Of the replicas of a deployment that are running. */
  podsOf(deployment: string): Promise<number[]>;
  /** What a unit or a replica (`NAME-1`) has printed. */
  output(name: string): Promise<string>;
  /** Ends all that was started and removes the folder; with the test's process that happens by itself. */
  dispose(): Promise<void>;
}

const SCRIPTS = fileURLToPath(new URL('service-manager', import.meta.url));

/** Starts one. Its programs may be called from anywhere; the environment they are called with does not matter. */
export async function startServiceManager(options: ServiceManagerOptions): Promise<ServiceManager> {
  const folder = ownFolder('services');
  const binFolder = await writePrograms(folder);
  await writeFile(join(folder, 'definitions.json'), JSON.stringify(options));
  const guardian = spawn(process.execPath, [join(folder, 'lib', 'guardian.cjs'), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const gone = new Promise<void>((resolve) => guardian.once('exit', () => resolve()));
  guardian.unref();
  (guardian.stdin as unknown as { unref(): void }).unref();
  const manager: ServiceManager = {
    folder,
    binFolder,
    env: { PATH: `${binFolder}:/usr/bin:/bin` },
    log: async () => linesOf(await readFile(join(folder, 'calls.log'), 'utf8').catch(() => '')),
    pidOf: async (unit) => (await livePids(folder, `unit-${unit}`))[0] ?? null,
    containersOf: (service) => livePids(folder, `service-${service}`),
    podsOf: (deployment) => livePids(folder, `workload-default~Deployment~${deployment}`),
    output: (name) => readFile(join(folder, 'logs', `${name}.log`), 'utf8'),
    dispose: async () => {
      guardian.ref();
      guardian.stdin.end();
      await gone;
      await removeFolder(folder);
    },
  };
  await startAll(options, manager);
  return manager;
}

async function writePrograms(folder: string): Promise<string> {
  for (const name of ['state', 'logs', 'ready']) await mkdir(join(folder, name));
  const library = await writeStubLibrary(folder);
  // The names of the library's own are those of the programs here.
  for (const program of ['systemctl', 'kubectl'])
    await copyFile(join(library, `${program}.cjs`), join(library, `${program}-main.cjs`));
  for (const name of ['processes', 'systemctl', 'kubectl', 'docker', 'controller', 'guardian'])
    await copyFile(join(SCRIPTS, `${name}.cjs`), join(library, `${name}.cjs`));
  const bin = join(folder, 'bin');
  for (const program of ['systemctl', 'kubectl', 'docker'])
    await writeShim(bin, program, join(library, `${program}.cjs`), folder);
  return bin;
}

async function startAll(
  { units = {}, deployments = {}, services = {} }: ServiceManagerOptions,
  manager: ServiceManager,
) {
  const running = Object.keys(units).filter((unit) => units[unit]!.running);
  const up = Object.keys(services).filter((service) => services[service]!.running);
  const orders = [
    ...(up.length > 0 ? [['docker', 'compose', 'up', '--detach', ...up]] : []),
    ...(running.length > 0 ? [['systemctl', 'start', '--', ...running]] : []),
    ...Object.keys(deployments).flatMap((name) => [
      ['kubectl', 'get', `deployment/${name}`],
      ['kubectl', 'rollout', 'status', `deployment/${name}`, '--timeout=20s'],
    ]),
  ];
  for (const argv of orders) {
    const done = await runProgram({ argv, env: manager.env, timeoutMs: 30_000 });
    if (done.ended !== 'ok') throw new Error(`${argv.join(' ')}: ${done.ended}\n${done.tail}`);
  }
  // Tests count what happened after this.
  if (orders.length > 0) await writeFile(join(manager.folder, 'calls.log'), '');
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

interface Kept {
  process?: { pid: number } | null;
  pods?: { process: { pid: number } }[];
}

async function livePids(folder: string, state: string): Promise<number[]> {
  const text = await readFile(join(folder, 'state', `${state}.json`), 'utf8').catch(() => '{}');
  const { process: own, pods = [] } = JSON.parse(text) as Kept;
  const pids = [own?.pid ?? 0, ...pods.map((pod) => pod.process.pid)].filter((pid) => pid > 0);
  const alive = await Promise.all(pids.map(isRunning));
  return pids.filter((_, at) => alive[at]);
}

/** A zombie that nobody has reaped yet has ended all the same. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat === null ? process.platform !== 'linux' : !/\) [ZX] /.test(stat);
}

/** Waits until a process has ended. */
export async function untilGone(pid: number): Promise<void> {
  await waitFor(async () => !(await isRunning(pid)), { what: `end of ${pid}` });
}
