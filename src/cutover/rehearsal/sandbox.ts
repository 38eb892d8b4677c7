import { chmodSync, copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type RunOptions, type RunOutcome, runProgram } from '../../backends/process/index.ts';
import { placeOfThisProcess } from '../../backends/process/place.ts';
import type { Sandbox } from '../options.ts';
import { shownCommand } from '../steps/command.ts';
import {
  NOT_KNOWN,
  noteArgv,
  type StubSeed,
  stubArgv,
  stubFor,
  writeSeed,
  writeStubs,
} from './stubs/index.ts';

/**
 * Where a rehearsal plays. `path` gives a copy of the file, made at the first call, or the place for one.
 * `command` runs a stand-in that obeys; any other program is only noted, as if it had gone well.
 */
export interface OpenSandbox extends Sandbox {
  folder: string;
  /** The commands that were only noted, each once, without what is secret in them. */
  readonly noted: readonly string[];
  /** Says how services stand; to be called before anything is played. */
  seed(seed: StubSeed): Promise<void>;
  close(): Promise<void>;
}

/** Prefix of every name that a rehearsal writes in Redis. */
export const REHEARSAL_PREFIX = 'rehearsal:';
/** Of the folders of rehearsals, in the folder for temporary files. */
export const FOLDER_PREFIX = 'qctl-sandbox-';
/** Says whose folder it is. */
export const OWNER_FILE = 'owner.json';

/**
 * Makes one, in a folder that nobody else can read.
 *
 * @param hide takes secrets out of a text
 */
export async function openSandbox(name: string, hide: (text: string) => string): Promise<OpenSandbox> {
  const folder = await mkdtemp(join(tmpdir(), FOLDER_PREFIX));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(join(folder, OWNER_FILE), JSON.stringify(placeOfThisProcess()));
    const bin = await writeStubs(folder);
    return { ...playIn(folder, bin, hide), ...sandboxNames(name, folder), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function playIn(folder: string, bin: string, hide: (text: string) => string) {
  const noted: string[] = [];
  return {
    folder,
    noted,
    seed: (seed: StubSeed) => writeSeed(folder, seed),
    command: async (options: RunOptions, loose: boolean): Promise<RunOutcome> => {
      const env = { ...options.env, PATH: `${bin}:${options.env?.PATH ?? ''}`, QCTL_SANDBOX: folder };
      // A folder that an earlier step would have made is not there.
      const play = (argv: string[]) => runProgram({ ...options, cwd: undefined, argv, env });
      if (stubFor(options.argv)) {
        const outcome = await play(stubArgv(bin, options.argv));
        if (!loose || outcome.code !== NOT_KNOWN) return outcome;
      }
      const shown = shownCommand(options.argv, hide);
      if (!noted.includes(shown)) noted.push(shown);
      return play(noteArgv(bin, options.argv));
    },
  };
}

function sandboxNames(name: string, folder: string): Pick<Sandbox, 'path' | 'key'> {
  return {
    path: (path) => copyOf(folder, resolve(path)),
    key: (key) => `${REHEARSAL_PREFIX}${name}:${key}`,
  };
}

/** At once and not later: a step may ask for the name and write to it in one breath. */
function copyOf(folder: string, path: string): string {
  const copy = join(folder, 'files', path);
  if (existsSync(copy)) return copy;
  mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
  if (existsSync(path) && statSync(path).isFile()) {
    copyFileSync(path, copy);
    chmodSync(copy, statSync(path).mode & 0o777);
  }
  return copy;
}
