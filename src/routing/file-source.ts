import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readFlagText } from './file-store.ts';
import type { RouteLook } from './record.ts';
import type { RouteSource } from './source.ts';

/** What was made of the file as it was last taken in. */
interface TakenIn {
  signature: string;
  look?: RouteLook;
  error?: unknown;
}

/**
 * A route in a file. Every look asks whether the file is another one (also behind a link, also by another inode); the
 * folder is watched, so that a look comes soon. A text counts once it was read twice, a moment apart: editors empty a
 * file before they write it.
 */
export class FileSource implements RouteSource {
  readonly label: string;
  readonly #name: string;
  readonly #hint: () => void;
  #watcher: FSWatcher | undefined;
  #taken: TakenIn | undefined;
  #candidate: string | undefined;

  /** @param hint called when something may have changed, so that it is worth looking */
  constructor(path: string, name: string, hint: () => void) {
    this.label = path;
    this.#name = name;
    this.#hint = hint;
  }

  async ready(): Promise<void> {
    this.#watchFolder();
  }

  async look(): Promise<RouteLook> {
    if (!this.#watcher) this.#watchFolder();
    const signature = await signatureOf(this.label);
    if (signature !== this.#taken?.signature) await this.#read(signature);
    const { look, error } = this.#taken!;
    if (!look) throw error;
    return look;
  }

  async load(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    this.#watcher?.close();
  }

  async #read(signature: string): Promise<void> {
    try {
      const text = await readFlagText(this.label, true);
      if (this.#taken && text !== this.#candidate) {
        this.#candidate = text;
        this.#hint();
        return;
      }
      const { parseFlagFile } = await import('./yaml-file.ts');
      this.#taken = { signature, look: parseFlagFile(this.label, text!, true).look(this.#name) };
    } catch (error) {
      this.#taken = { signature, error };
    }
    this.#candidate = undefined;
  }

  /** A hint and no more: on some file systems it is never called. */
  #watchFolder(): void {
    try {
      const watcher = watch(dirname(this.label), { persistent: false }, () => this.#hint());
      watcher.on('error', () => {
        watcher.close();
        this.#watcher = undefined;
      });
      this.#watcher = watcher;
    } catch {
      // There is no such folder yet, or no watch to be had: the looks at an interval must do.
    }
  }
}

async function signatureOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
