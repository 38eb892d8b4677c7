import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { type SignalHost, watchSignals } from '../../commands/signals.ts';

function fakeHost() {
  const emitter = new EventEmitter();
  const seen: string[] = [];
  const host: SignalHost = {
    on: (signal, listener) => emitter.on(signal, listener),
    off: (signal, listener) => emitter.off(signal, listener),
    exit: (code) => seen.push(`exit ${code}`),
    writeError: (text) => seen.push(text),
  };
  return { host, seen, send: (signal: string) => emitter.emit(signal, signal), emitter };
}

test('the first signal asks to finish, the second stops at once and says what may be repeated', () => {
  const { host, seen, send } = fakeHost();
  const watch = watchSignals(
    host,
    () => 'finishing',
    () => 'batch 7 may be repeated',
  );
  watch.hardSignal.addEventListener('abort', () => seen.push('hard'));
  send('SIGINT');
  expect(watch.signal.aborted).toBe(true);
  expect(watch.signal.reason).toBe('SIGINT');
  expect(watch.received).toBe('SIGINT');
  expect(seen).toEqual(['finishing\n']);
  send('SIGTERM');
  expect(seen).toEqual(['finishing\n', 'hard', 'batch 7 may be repeated\n', 'exit 143']);
});

test('nothing has come, nothing is aborted; afterwards nothing is listened to', () => {
  const { host, emitter, send } = fakeHost();
  const watch = watchSignals(
    host,
    () => 'a',
    () => undefined,
  );
  expect(watch.received).toBeUndefined();
  watch.dispose();
  expect(send('SIGINT')).toBe(false);
  expect(emitter.listenerCount('SIGTERM')).toBe(0);
});
