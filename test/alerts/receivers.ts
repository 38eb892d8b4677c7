import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** One request that a receiver got. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  /** Parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it has sent
  body: any;
}

/** A receiver of webhooks that keeps what it gets. */
export interface Receiver {
  url: string;
  got: Received[];
  /** What it answers; default 200. */
  answer: (
    received: Received,
  ) => { status: number; body?: string; headers?: Record<string, string> } | undefined;
  /** Nothing listens there any more, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a receiver on a free port. */
export async function startReceiver(): Promise<Receiver> {
  let server: Server;
  let port = 0;
  const receiver: Receiver = {
    url: '',
    got: [],
    answer: () => undefined,
    async start() {
      server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const text = Buffer.concat(chunks).toString();
        const received = { path: request.url!, headers: request.headers, text, body: parsed(text) };
        const { status, body, headers } = receiver.answer(received) ?? { status: 200 };
        if (status < 300) receiver.got.push(received);
        if (status > 0) response.writeHead(status, { connection: 'close', ...headers }).end(body ?? 'ok');
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
      receiver.url = `http://127.0.0.1:${port}`;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  await receiver.start();
  return receiver;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One mail, as it came over the wire. */
export interface Mail {
  to: string[];
  from: string;
  text: string;
  header(name: string): string | undefined;
}

/** A real SMTP server that keeps what it gets. */
export async function startMailServer(options: SMTPServerOptions = {}) {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push(
          mailOf(
            chunks,
            mailFrom ? mailFrom.address : '',
            rcptTo.map(({ address }) => address),
          ),
        );
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return { port, mails, stop: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

function mailOf(chunks: Buffer[], from: string, to: string[]): Mail {
  const text = Buffer.concat(chunks).toString();
  const head = text.slice(0, text.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  const header = (name: string): string | undefined =>
    head
      .split('\r\n')
      .find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      ?.slice(name.length + 1)
      .trim();
  return { to, from, text, header };
}
