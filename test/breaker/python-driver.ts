import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DRIVER = fileURLToPath(new URL('./drive.py', import.meta.url));

let isThere: boolean | undefined;

/** Null is as good as not given. */
export type Settings = Record<string, number | null>;

/** A process that takes part in Python: the example of `examples/breakers`, one command at a time. */
export class PythonBreaker {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  /** Says what to install where there is no python3: the test fails then, since nothing else shows that it works. */
  constructor(url: string, name: string, settings: Settings, env: Record<string, string> = {}) {
    isThere ??= spawnSync('python3', ['-c', 'pass']).status === 0;
    if (!isThere)
      throw new Error('python3 is missing: install it (apt-get install python3), no package is needed');
    this.#child = spawn('python3', ['-B', DRIVER], { env: { ...process.env, ...env } });
    this.#child.stderr.on('data', (data) => (this.#said += data));
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    this.#child.stdin.write(`${JSON.stringify({ url, name, settings })}\n`);
  }

  /** Sends one command of `drive.py` and returns its answer. */
  async tell<T = string>(verb: string, ...args: unknown[]): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify([verb, ...args])}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`python3 has ended: ${this.#said}`);
    return JSON.parse(value) as T;
  }

  /** Ends it as a program ends: with a last flush. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode !== null) return;
    this.#child.stdin.end();
    await ended;
  }
}
