import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'vitest';
import { isQctlError, type QctlError } from '../../src/errors.ts';

/** The QctlError that a promise rejects with; anything else fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<QctlError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isQctlError(error)) throw new Error('not a QctlError', { cause: error });
  return error;
}

/** A secret must not show in any way in which an error may end up in a log. */
export function expectNotToHold(error: QctlError, secret: string): void {
  const shown = [
    inspect(error, { depth: 20, showHidden: true }),
    JSON.stringify(error),
    JSON.stringify(error.cause, Object.getOwnPropertyNames(error.cause ?? {})),
    error.stack,
  ];
  for (const text of shown) expect(text ?? '').not.toContain(secret);
}

/** A server that accepts connections and never says a word, or answers whatever it gets with `answer`. */
export async function silentServer(answer?: string): Promise<{ port: number; stop(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (answer) socket.on('data', (data) => socket.write(answer.replace('%s', data.toString('latin1'))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

/** Everything that is written to stderr or warned about while `work` runs. */
export async function noiseOf(work: () => Promise<unknown>): Promise<string> {
  let noise = '';
  const { write } = process.stderr;
  const { warn, error } = console;
  const note = (text: unknown) => {
    noise += String(text);
    return true;
  };
  process.stderr.write = note as typeof process.stderr.write;
  console.warn = note;
  console.error = note;
  process.on('warning', note);
  try {
    await work();
    // Warnings are emitted on the next tick.
    await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    process.stderr.write = write;
    Object.assign(console, { warn, error });
    process.off('warning', note);
  }
  return noise;
}
