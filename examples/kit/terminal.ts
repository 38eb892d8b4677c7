import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { release, tieToThisProcess } from '../../test/support/orphans.ts';
import { cleanEnvironment } from '../../test/support/qctl.ts';

const BINARY = fileURLToPath(new URL('../../bin/qctl.js', import.meta.url));
const WIDTH = 96;

/** Where and with what commands are typed. */
export interface TerminalOptions {
  /** Shown as exports; the rest of the environment is nobody's. */
  settings: Record<string, string>;
  /** Of the environment too, and not shown: a PATH with stand-ins, folders. */
  hidden?: Record<string, string>;
  /** Default: an empty folder, so that no qctl.yaml is found. */
  cwd?: string;
  /** Before each command line; default `$`. Of a second terminal the name of its host: `ops-b$`. */
  prompt?: string;
}

/** What a command came to whose output nobody watched. */
export interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A person at a terminal: types qctl's command lines and watches what they print. */
export class Terminal {
  private readonly env: Record<string, string | undefined>;
  private readonly cwd: string;
  private readonly prompt: string;
  private readonly running = new Set<ChildProcess>();

  constructor({ settings, hidden = {}, cwd, prompt = '$' }: TerminalOptions) {
    const { TERM, CI, NO_COLOR, FORCE_COLOR } = process.env;
    this.env = { ...cleanEnvironment(), TERM, CI, NO_COLOR, FORCE_COLOR, ...settings, ...hidden };
    this.cwd = cwd ?? this.env.HOME!;
    this.prompt = prompt;
    for (const [name, value] of Object.entries(settings)) print(`${prompt} export ${name}=${value}`);
  }

  /** Types a command and shows its output as it comes; fails where the exit code is another. */
  async run(args: string[], expected = 0): Promise<void> {
    const { code } = await this.start(args).ended;
    if (code !== expected) throw new Error(`qctl ${args[0]} ended with code ${code}`);
  }

  /** Like {@link run} for a command that something is to happen to on its way. */
  start(args: string[]): { child: ChildProcess; ended: Promise<{ code: number | null }> } {
    this.type(args);
    return this.spawn(args, 'inherit');
  }

  /**
   * Types a command whose output is long: shown are the lines that `lines` matches, or none. Fails where the
   * exit code is none of those expected.
   */
  async runBriefly(args: string[], lines?: RegExp, expected: number | number[] = 0): Promise<Answer> {
    this.type(args);
    const answer = await this.ask(args);
    if (lines) for (const line of answer.stdout.split('\n')) if (lines.test(line)) print(line);
    if (![expected].flat().includes(answer.code ?? -1))
      throw new Error(`qctl ${args.slice(0, 2).join(' ')} ended with code ${answer.code}\n${answer.stderr}`);
    return answer;
  }

  /** Types a command that goes on behind the others, as with `&`; its output is for whoever asks. */
  background(args: string[]): { child: ChildProcess; ended: Promise<Answer> } {
    print(`$ ${wrapped(['qctl', ...args])} &`);
    return this.listen(args);
  }

  /**
   * Types a command that something is to happen to on its way: shown are the lines that match, of both outputs, as
   * they come. `text` is all that it has printed so far.
   */
  follow(args: string[], lines: RegExp): { child: ChildProcess; ended: Promise<Answer>; text(): string } {
    this.type(args);
    const { child, ended } = this.listen(args);
    let text = '';
    for (const name of ['stdout', 'stderr'] as const)
      createInterface({ input: child[name]! }).on('line', (line) => {
        text += `${line}\n`;
        if (lines.test(line)) print(line);
      });
    return { child, ended, text: () => text };
  }

  /** A command that is not shown at all; never fails for its exit code. */
  async ask(args: string[]): Promise<Answer> {
    return this.listen(args).ended;
  }

  /** Like {@link ask} for a command that something is to happen to on its way. */
  listen(args: string[]): { child: ChildProcess; ended: Promise<Answer> } {
    const { child, ended } = this.spawn(args, 'pipe');
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]!.setEncoding('utf8').on('data', (chunk: string) => {
        text[name] += chunk;
      });
    return { child, ended: ended.then(({ code }) => ({ code, ...text })) };
  }

  /** A look at the state of things that is not shown: the document that `-o json` prints. */
  async look<T>(args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.ask([...args, '-o', 'json']);
    if (code !== 0) throw new Error(`qctl ${args.join(' ')} ended with code ${code}\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** Ends what is still at work. */
  async close(): Promise<void> {
    const open = [...this.running].filter((child) => child.exitCode === null && child.signalCode === null);
    const gone = open.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of open) child.kill('SIGKILL');
    await Promise.all(gone);
  }

  private type(args: string[]): void {
    print(`${this.prompt} ${wrapped(['qctl', ...args])}`);
  }

  private spawn(args: string[], output: 'inherit' | 'pipe') {
    const child = spawn(process.execPath, [BINARY, ...args], {
      cwd: this.cwd,
      env: this.env,
      stdio: ['ignore', output, output],
    });
    tieToThisProcess(child.pid);
    this.running.add(child);
    const ended = new Promise<{ code: number | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        release(child.pid);
        this.running.delete(child);
        resolve({ code });
      });
    });
    return { child, ended };
  }
}

/** One line of the story itself. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** A heading between two parts. */
export function heading(text: string): void {
  print(`\n── ${text} ${'─'.repeat(Math.max(0, WIDTH - 4 - text.length))}\n`);
}

/** A killed command leaves its moving line and a hidden cursor behind. */
export function restoreCursor(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K\x1b[?25h');
}

/** A command line as it can be pasted into a shell, broken before flags where it is long. */
function wrapped(words: string[]): string {
  const lines = [''];
  words.map(quoted).forEach((word, i) => {
    const last = lines.length - 1;
    // A flag stays with its value, so that a line never begins with one.
    const whole = `${lines[last]} ${word}${words[i + 1]?.startsWith('-') ? '' : ` ${words[i + 1] ?? ''}`}`;
    if (word.startsWith('-') && whole.length > WIDTH) lines.push(`    ${word}`);
    else lines[last] += `${i === 0 ? '' : ' '}${word}`;
  });
  return lines.join(' \\\n');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replaceAll(/["\\$`]/g, '\\$&')}"`;
}
