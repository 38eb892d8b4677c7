import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock, writeAtomically } from '../backends/files/index.ts';
import { isQctlError } from '../errors.ts';
import type { RuleState } from './state.ts';
import type { AlertStore, Change, Changed } from './store.ts';

/** What a file holds. */
interface Kept {
  v: 1;
  rule: string;
  /** By so much the clock of Redis is ahead of that of this host. */
  aheadMs: number;
  /** Changed since Redis had the same. */
  dirty: boolean;
  state: RuleState;
}

/**
 * States of rules in a folder of this host, a file each: of those that each host judges by itself, and of all while
 * Redis is away. Processes of one host and user share it. A folder that cannot be used is told of once; what stood
 * there is in memory then, of this process alone.
 */
export class FileAlertStore implements AlertStore {
  readonly #folder: string;
  readonly #note: (text: string) => void;
  readonly #memory = new Map<string, Kept>();
  #broken = false;

  /**
   * @param folder of all configurations
   * @param id of this one
   */
  constructor(folder: string, id: string, note: (text: string) => void) {
    this.#folder = join(folder, createHash('sha256').update(id).digest('hex').slice(0, 16));
    this.#note = note;
  }

  async update<T>(rule: string, change: Change<T>): Promise<Changed<T> | undefined> {
    return this.#locked(rule, async (kept, write) => {
      const nowMs = Date.now() + (kept?.aheadMs ?? 0);
      const wanted = change(kept?.state ?? null, nowMs);
      if (!wanted) return undefined;
      const state = { ...wanted.state, seq: wanted.state.seq + 1 };
      await write({ v: 1, rule, aheadMs: kept?.aheadMs ?? 0, dirty: true, state });
      return { ...wanted, state, nowMs };
    });
  }

  async read(rule: string): Promise<{ state: RuleState | null; nowMs: number; dirty: boolean }> {
    const kept = await this.#read(rule);
    const nowMs = Date.now() + (kept?.aheadMs ?? 0);
    return { state: kept?.state ?? null, nowMs, dirty: kept?.dirty ?? false };
  }

  /** Keeps what Redis has, for when it is away. What was noted here since, and Redis has not, stays. */
  async mirror(rule: string, state: RuleState, nowMs: number, merged = false): Promise<void> {
    await this.#locked(rule, async (kept, write) => {
      if (!merged && kept && (kept.dirty || kept.state.seq >= state.seq)) return;
      // Who measures at present is of no matter once Redis is away.
      const free = { ...state, measuring: null };
      await write({ v: 1, rule, aheadMs: nowMs - Date.now(), dirty: false, state: free });
    });
  }

  /** Rules that there is a file of. */
  async names(): Promise<string[]> {
    const files = await readdir(this.#folder).catch(() => []);
    return files.flatMap((file) => /^([\w.-]+)\.json$/.exec(file)?.[1] ?? []);
  }

  async remove(rule: string): Promise<void> {
    this.#memory.delete(rule);
    await rm(this.#path(rule), { force: true }).catch(() => undefined);
  }

  #path(rule: string): string {
    return join(this.#folder, `${rule}.json`);
  }

  async #locked<T>(
    rule: string,
    work: (kept: Kept | undefined, write: (kept: Kept) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const path = this.#path(rule);
    const inMemory = async (): Promise<T> =>
      work(this.#memory.get(rule), async (kept) => void this.#memory.set(rule, kept));
    if (this.#broken) return inMemory();
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      return await withFileLock(path, 'ALERTS_LOCKED', async () =>
        work(await this.#read(rule), (kept) => {
          this.#memory.set(rule, kept);
          return writeAtomically(path, Buffer.from(`${JSON.stringify(kept)}\n`), { mode: 0o600 });
        }),
      );
    } catch (error) {
      this.#giveUp(error);
      return inMemory();
    }
  }

  #giveUp(error: unknown): void {
    if (!isUnusable(error)) throw error;
    if (this.#broken) return;
    this.#broken = true;
    this.#note(`cannot keep alerts in ${this.#folder}: ${(error as Error).message}; they are kept in memory`);
  }

  async #read(rule: string): Promise<Kept | undefined> {
    if (this.#broken) return this.#memory.get(rule);
    try {
      const kept = JSON.parse(await readFile(this.#path(rule), 'utf8')) as Kept;
      return kept?.v === 1 && kept.state?.v === 1 ? kept : undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || error instanceof SyntaxError) return undefined;
      // Of another user, as where root has tried it first.
      this.#giveUp(error);
      return this.#memory.get(rule);
    }
  }
}

function isUnusable(error: unknown): boolean {
  if (isQctlError(error)) return error.code === 'FILE_NOT_WRITTEN' || error.code === 'ALERTS_LOCKED';
  return typeof (error as NodeJS.ErrnoException).code === 'string';
}
