import type { Output } from './io.ts';

// The alternate screen, without wrapping and without cursor; what stood on the terminal comes back with LEAVE.
const ENTER = '\x1b[?1049h\x1b[?7l\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?7h\x1b[?1049l';

type Listener = () => void;

/** What {@link Screen} needs of a process; tests give an emitter. */
export interface ScreenHost {
  readonly pid: number;
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
  kill(pid: number, signal: NodeJS.Signals): unknown;
}

/** What else is taken and given back together with the screen, such as the keyboard. */
export interface ScreenHooks {
  taken(): void;
  /** Before what stood on the terminal comes back. */
  leaving(): void;
}

/**
 * A terminal that is drawn on as a whole, and is given back whatever happens: at the end, at an exit from
 * elsewhere, at a crash, at a signal that nobody else handles, and while the process is suspended.
 */
export class Screen {
  readonly #output: Output;
  readonly #host: ScreenHost;
  readonly #redraw: () => void;
  readonly #hooks: ScreenHooks | undefined;
  #entered = false;
  #suspended = false;

  /** @param redraw called where the size has changed, or after the process was suspended */
  constructor(output: Output, redraw: () => void, host: ScreenHost = process, hooks?: ScreenHooks) {
    this.#output = output;
    this.#redraw = redraw;
    this.#host = host;
    this.#hooks = hooks;
  }

  /** Takes the terminal at the first call. */
  draw(frame: string): void {
    if (!this.#entered) this.#enter();
    // A timer may be due before the signal to go on is seen: the terminal is not ours yet.
    if (!this.#suspended) this.#output.write(frame);
  }

  /** May be called twice. */
  close(): void {
    if (this.#entered) this.#leave();
  }

  #enter(): void {
    this.#entered = true;
    this.#output.stream.on('resize', this.#redraw);
    for (const [event, listener] of this.#listeners) this.#host.on(event, listener);
    this.#take();
  }

  #leave(): void {
    this.#entered = false;
    this.#output.stream.off('resize', this.#redraw);
    for (const [event, listener] of this.#listeners) this.#host.off(event, listener);
    this.#giveBack();
  }

  #take(): void {
    this.#output.write(ENTER);
    this.#hooks?.taken();
  }

  #giveBack(): void {
    this.#hooks?.leaving();
    this.#output.write(LEAVE);
  }

  readonly #listeners: [event: string, listener: Listener][] = [
    ['exit', () => this.close()],
    // Before the stack trace is printed, so that it can be read afterwards.
    ['uncaughtExceptionMonitor', () => this.close()],
    ['SIGHUP', () => this.#end('SIGHUP')],
    ['SIGQUIT', () => this.#end('SIGQUIT')],
    ['SIGTSTP', () => this.#suspend()],
    ['SIGCONT', () => this.#resume()],
  ];

  /** Gives the terminal back, then lets the signal do what it does. */
  #end(signal: NodeJS.Signals): void {
    this.close();
    this.#host.kill(this.#host.pid, signal);
  }

  #suspend(): void {
    this.#suspended = true;
    this.#giveBack();
    this.#host.kill(this.#host.pid, 'SIGSTOP');
  }

  #resume(): void {
    this.#suspended = false;
    this.#take();
    this.#redraw();
  }
}
