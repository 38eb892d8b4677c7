import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { composeFrame } from '../../commands/term/frame.ts';
import { Screen } from '../../commands/term/screen.ts';
import { truncateColoured } from '../../commands/term/text.ts';
import { memoryIo } from './memory-io.ts';

const ENTER = '\x1b[?1049h\x1b[?7l\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?7h\x1b[?1049l';

function openScreen() {
  const { stdout } = memoryIo({ columns: 20, rows: 5 });
  const emitter = new EventEmitter();
  const killed: string[] = [];
  const kill = (pid: number, signal: string) =>
    killed.push(`${signal} ${pid}, screen given back: ${isBack()}`);
  const isBack = () => stdout.text.endsWith(LEAVE);
  const host = Object.assign(emitter, { pid: 7, kill });
  let redrawn = 0;
  const screen = new Screen(stdout, () => (redrawn += 1), host);
  return { screen, stdout, emitter, killed, isBack, redrawn: () => redrawn };
}

test('the terminal is taken at the first frame and given back once', () => {
  const { screen, stdout, emitter } = openScreen();
  screen.close();
  expect(stdout.text).toBe('');
  screen.draw('a');
  screen.draw('b');
  screen.close();
  screen.close();
  expect(stdout.text).toBe(`${ENTER}ab${LEAVE}`);
  expect(emitter.eventNames()).toEqual([]);
  expect(stdout.stream.listenerCount('resize')).toBe(0);
});

test.each(['exit', 'uncaughtExceptionMonitor'])('it is given back at %s', (event) => {
  const { screen, emitter, isBack } = openScreen();
  screen.draw('a');
  emitter.emit(event);
  expect(isBack()).toBe(true);
});

test.each(['SIGHUP', 'SIGQUIT'])('it is given back at %s, which then does what it does', (signal) => {
  const { screen, emitter, killed } = openScreen();
  screen.draw('a');
  emitter.emit(signal);
  expect(killed).toEqual([`${signal} 7, screen given back: true`]);
  // Else the signal would come back here, for ever.
  expect(emitter.listenerCount(signal)).toBe(0);
});

test('while it is suspended the terminal belongs to the shell; afterwards it is drawn again', () => {
  const { screen, stdout, emitter, killed, isBack, redrawn } = openScreen();
  screen.draw('a');
  emitter.emit('SIGTSTP');
  expect(killed).toEqual(['SIGSTOP 7, screen given back: true']);
  screen.draw('too early');
  expect(isBack()).toBe(true);
  emitter.emit('SIGCONT');
  expect(stdout.text.endsWith(ENTER)).toBe(true);
  expect(redrawn()).toBe(1);
  screen.draw('b');
  expect(stdout.text.endsWith('b')).toBe(true);
});

test('a frame never scrolls the terminal, and a full line keeps its last character', () => {
  const { stdout } = memoryIo({ columns: 10, rows: 5 });
  const short = composeFrame(stdout, 'header', 'ab\n0123456789\n');
  expect(short).toBe('\x1b[Hheader\x1b[K\r\n\x1b[K\r\nab\x1b[K\r\n0123456789\r\n\x1b[J');
  const full = composeFrame(stdout, 'header', 'a\nb\nc\nd\ne');
  expect(full).toBe('\x1b[Hheader\x1b[K\r\n\x1b[K\r\na\x1b[K\r\nb\x1b[K\r\n… 3 more …');
  for (const rows of [1, 2, 3]) {
    const tiny = memoryIo({ columns: 10, rows }).stdout;
    expect(composeFrame(tiny, 'header', 'a\nb\nc').split('\r\n')).toHaveLength(rows);
  }
});

test('a coloured line is cut by what is seen, and its colours end with it', () => {
  expect(truncateColoured('\x1b[31mred\x1b[39m', 3)).toBe('\x1b[31mred\x1b[39m');
  expect(truncateColoured('\x1b[31mred and\x1b[39m more', 5)).toBe('\x1b[31mred …\x1b[39m');
  expect(truncateColoured('ab\x1b[31mcd\x1b[39m', 2)).toBe('a…\x1b[31m\x1b[39m');
  expect(truncateColoured('ab\x1b[31mcd\x1b[39m', 3)).toBe('ab\x1b[31m…\x1b[39m');
  expect(truncateColoured('日本語', 4)).toBe('日…');
});
