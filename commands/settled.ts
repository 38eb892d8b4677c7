import type { Environment } from '../src/config/environment.ts';
import type { Flags, ResolvedConfig } from '../src/config/resolve.ts';
import type { Connections } from './connections.ts';
import type { GlobalOptions } from './options.ts';
import type { Io } from './term/io.ts';

/** A profile that was asked for, and how. */
export interface AskedProfile {
  name: string;
  by: '--profile' | 'QCTL_PROFILE';
}

/** What flags, environment and file say together: resolved once, and anew for another profile. */
export class Settled {
  readonly #io: Io;
  readonly #env: Environment;
  readonly #options: GlobalOptions;
  #flags: Flags = {};
  #config: Promise<ResolvedConfig> | undefined;
  /** What the flag itself says, whatever {@link Settled.useProfile} has put in its place. */
  #given: string | undefined;

  /** @param options filled in by the time anything is asked for */
  constructor(io: Io, env: Environment, options: GlobalOptions) {
    this.#io = io;
    this.#env = env;
    this.#options = options;
  }

  fill(flags: Flags): void {
    this.#flags = flags;
    this.#given = flags.profile;
  }

  /** Warnings go to stderr. Throws a `config` error that names file, line, field and value. */
  config(): Promise<ResolvedConfig> {
    this.#config ??= this.#load();
    return this.#config;
  }

  async connections(): Promise<Connections> {
    const { Connections } = await import('./connections.ts');
    const { timeoutMs } = this.#options;
    return new Connections({ config: await this.config(), env: this.#env, flags: this.#flags, timeoutMs });
  }

  /** Undefined where neither flag nor variable names one. */
  askedProfile(): AskedProfile | undefined {
    if (this.#given !== undefined) return { name: this.#given, by: '--profile' };
    return this.#env.QCTL_PROFILE ? { name: this.#env.QCTL_PROFILE, by: 'QCTL_PROFILE' } : undefined;
  }

  /** False where it stays as it was: another one was asked for, or this one is in use. */
  useProfile(name: string): boolean {
    if (this.askedProfile() || this.#flags.profile === name) return false;
    this.#flags = { ...this.#flags, profile: name };
    this.#config = undefined;
    return true;
  }

  async #load(): Promise<ResolvedConfig> {
    const { loadConfig } = await import('../src/config/load.ts');
    const config = await loadConfig({ flags: this.#flags, env: this.#env });
    if (!this.#options.quiet)
      for (const warning of config.warnings) this.#io.stderr.write(`qctl: warning: ${warning}\n`);
    return config;
  }
}
