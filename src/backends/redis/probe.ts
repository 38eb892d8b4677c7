import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HostPort } from './options.ts';

/** True when the server at `at` completes or at least answers a TLS handshake within `ms`. */
export function speaksTls(at: HostPort, ms: number): Promise<boolean> {
  const socket = connectTls({ ...at, rejectUnauthorized: false });
  return probe(socket, ms, (done) => {
    socket.once('secureConnect', () => done(true));
    // An alert is an answer in TLS too, say about a missing client certificate.
    socket.once('error', (error: NodeJS.ErrnoException) => done(/ALERT/.test(error.code ?? '')));
  });
}

/** True when the server at `at` answers a plain PING in the protocol of Redis within `ms`. */
export function speaksPlain(at: HostPort, ms: number): Promise<boolean> {
  const socket = connectPlain(at);
  return probe(socket, ms, (done) => {
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => done(/^[+-][A-Z]/.test(data.toString('latin1'))));
    socket.once('error', () => done(false));
  });
}

function probe(socket: Socket, ms: number, listen: (done: (yes: boolean) => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (yes: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(yes);
    };
    const timer = setTimeout(done, ms, false);
    socket.on('error', () => {});
    socket.once('close', () => done(false));
    listen(done);
  });
}
