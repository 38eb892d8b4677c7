import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { QctlError } from '../errors.ts';
import { type Environment, readVariable } from './environment.ts';
import type { ConfigFile } from './file.ts';
import { type FileLayer, type Flags, type ResolvedConfig, resolveConfig } from './resolve.ts';
import { findSimilar } from './similar.ts';

/** What a configuration is resolved from. */
export interface LoadInput {
  flags: Flags;
  env: Environment;
  /** Folder of the project file. Default: the working directory. */
  cwd?: string;
}

/** Name of the project file and of the user file. */
export const FILE_NAME = 'qctl.yaml';

/**
 * Resolves the configuration: flags > environment > ./qctl.yaml > the user's file > defaults. Only
 * the profile that is used is validated. Connects nowhere and reads no secret.
 */
export async function loadConfig(input: LoadInput): Promise<ResolvedConfig> {
  const files = await readConfigFiles(input);
  const name = chooseProfile(input, files);
  const layers = files.filter((file) => name !== undefined && file.profiles.includes(name));
  return resolveConfig({
    flags: input.flags,
    env: input.env,
    profile: name,
    profiles: namesOf(files),
    files: files.map((file) => file.path),
    file: mergeProfiles(layers, name ?? '', input.env),
  });
}

/** The files that count, the strongest first. An explicit file replaces both others. */
export async function readConfigFiles({ flags, env, cwd = process.cwd() }: LoadInput): Promise<ConfigFile[]> {
  const explicit = flags.config ?? readVariable(env, 'config');
  const paths = explicit ? [resolve(cwd, explicit)] : [join(cwd, FILE_NAME), userFile(env)];
  if (!explicit && !paths.some((path) => existsSync(path))) return [];
  // The YAML parser and the schema are loaded only where there is a file to read.
  const { readConfigFile } = await import('./file.ts');
  const files = await Promise.all(paths.map((path) => readConfigFile(path, explicit !== undefined)));
  return files.filter((file) => file !== undefined);
}

function userFile(env: Environment): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'qctl', FILE_NAME);
}

/** Flag, variable, `profile:` of a file, or the only profile there is. */
function chooseProfile({ flags, env }: LoadInput, files: readonly ConfigFile[]): string | undefined {
  const names = namesOf(files);
  const asked =
    flags.profile ??
    readVariable(env, 'profile') ??
    files.find((file) => file.defaultProfile)?.defaultProfile;
  if (asked === undefined) return names.length === 1 ? names[0] : undefined;
  if (names.includes(asked)) return asked;
  const similar = findSimilar(asked, names);
  throw new QctlError('config', `there is no profile ${asked}`, {
    code: 'PROFILE_UNKNOWN',
    hint: [
      similar
        ? `did you mean ${similar}?`
        : names.length > 0
          ? `profiles: ${names.join(', ')}`
          : `no ${FILE_NAME} was found`,
    ],
    details: { profile: asked, profiles: names },
  });
}

function namesOf(files: readonly ConfigFile[]): string[] {
  return [...new Set(files.flatMap((file) => file.profiles))];
}

const NAMED = ['sources', 'streams', 'breakers'] as const;
const WHOLE = ['redis', 'alerts', 'maintain', 'serve'] as const;

/** What has names is merged by name; all else is taken whole, so that a password never goes to another host. */
function mergeProfiles(files: readonly ConfigFile[], name: string, env: Environment): FileLayer {
  const merged: FileLayer = { profile: { sources: {}, streams: {}, breakers: {} }, origins: {} };
  for (const file of [...files].reverse()) {
    const profile = file.readProfile(name, env);
    const origin = (...field: string[]) => `${file.name}:${file.lineOf(['profiles', name, ...field])}`;
    for (const part of WHOLE) {
      if (!profile[part]) continue;
      Object.assign(merged.profile, { [part]: profile[part] });
      if (part === 'alerts') merged.readAlerts = (schema) => file.readPart(name, part, schema, env);
      merged.origins[part] = origin(part);
    }
    for (const part of NAMED) {
      Object.assign(merged.profile[part]!, profile[part]);
      for (const key of Object.keys(profile[part] ?? {}))
        merged.origins[`${part}.${key}`] = origin(part, key);
    }
  }
  return merged;
}
