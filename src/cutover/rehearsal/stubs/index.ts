import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { COMMON } from './common-text.ts';
import { ANY_STUB, DOCKER_STUB } from './docker-text.ts';
import { KUBECTL, KUBECTL_STUB } from './kubectl-text.ts';
import { SYSTEMCTL, SYSTEMCTL_STUB } from './systemctl-text.ts';

/** How things were before: what a stand-in finds when it is first asked for them. */
export interface StubSeed {
  /** Properties of units, as `systemctl show` gives them; of the user's manager as `user:NAME`. */
  units?: Record<string, Record<string, string>>;
  /** Objects by `NAMESPACE/Kind/NAME`, as `kubectl get -o json` gives them. */
  workloads?: Record<string, unknown>;
  /** By `PROJECT/SERVICE`; without a project it is `sandbox`. */
  services?: Record<string, { containers: number; running: number }>;
}

/** The programs that have a stand-in which obeys. */
const STUBS = {
  systemctl: { 'systemctl-stub.cjs': SYSTEMCTL_STUB },
  kubectl: { 'kubectl-stub.cjs': KUBECTL_STUB },
  docker: { 'docker-stub.cjs': DOCKER_STUB },
  'qctl-any-program': { 'any-stub.cjs': ANY_STUB },
};
const ANY = 'qctl-any-program';

/**
 * Writes stand-ins for systemctl, kubectl and docker below a folder, and returns the folder to be put first on
 * PATH. They keep their state as JSON in the folder that QCTL_SANDBOX names, note each call in its `calls.log`,
 * and end with 64 where they are asked for what they do not know.
 */
export async function writeStubs(folder: string): Promise<string> {
  const library = await writeStubLibrary(folder);
  const bin = join(folder, 'bin');
  for (const [program, files] of Object.entries(STUBS)) {
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(library, name), text);
      await writeShim(bin, program, join(library, name));
    }
  }
  return bin;
}

/** Only what stand-ins share: `common.cjs`, `systemctl.cjs`, `kubectl.cjs`. Returns their folder. */
export async function writeStubLibrary(folder: string): Promise<string> {
  const library = join(folder, 'lib');
  await mkdir(library, { recursive: true });
  await writeFile(join(library, 'common.cjs'), COMMON);
  await writeFile(join(library, 'systemctl.cjs'), SYSTEMCTL);
  await writeFile(join(library, 'kubectl.cjs'), KUBECTL);
  return library;
}

/** Makes a script of Node's a program of the folder `bin`; with `sandbox` it is for that folder alone. */
export async function writeShim(
  bin: string,
  program: string,
  script: string,
  sandbox?: string,
): Promise<void> {
  await mkdir(bin, { recursive: true });
  const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const path = join(bin, program);
  const own = sandbox === undefined ? '' : `export QCTL_SANDBOX=${quote(sandbox)}\n`;
  // Options for Node in the environment are meant for others.
  const text = `unset NODE_OPTIONS\n${own}exec ${quote(process.execPath)} ${quote(script)} "$@"\n`;
  await writeFile(path, `#!/bin/sh\n${text}`);
  await chmod(path, 0o755);
}

/** Writes how things were before into the folder that QCTL_SANDBOX will name. */
export async function writeSeed(sandbox: string, seed: StubSeed): Promise<void> {
  await mkdir(sandbox, { recursive: true, mode: 0o700 });
  // Values of environment variables may stand in a workload.
  await writeFile(join(sandbox, 'state.json'), JSON.stringify({ seed }), { mode: 0o600 });
}

/** The name of the stand-in that obeys a command; undefined: there is none. */
export function stubFor([program = '']: readonly string[]): string | undefined {
  const name = basename(program);
  return name !== ANY && Object.hasOwn(STUBS, name) ? name : undefined;
}

/** The exit code of a stand-in that does not know what it is asked for. */
export const NOT_KNOWN = 64;

/**
 * The command that is run in place of another one in a rehearsal: its stand-in, or one that notes the call,
 * does nothing and succeeds.
 *
 * @param bin as {@link writeStubs} returns it
 */
export function stubArgv(bin: string, argv: readonly string[]): string[] {
  const stub = stubFor(argv);
  return stub ? [join(bin, stub), ...argv.slice(1)] : noteArgv(bin, argv);
}

/** A command that notes the call, does nothing and succeeds. */
export function noteArgv(bin: string, argv: readonly string[]): string[] {
  return [join(bin, ANY), ...argv];
}
