import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Type and length of BackendKeyData, in which a server tells the process of the session. */
const KEY_DATA = Buffer.from([0x4b, 0, 0, 0, 12]);

/**
 * A proxy before PostgreSQL that tells its clients numbers of its own instead of the processes of their sessions,
 * as poolers do.
 */
export async function startPooler(url: string): Promise<{ url: string; stop(): Promise<void> }> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.once('data', (first) => relabel(client, upstream, first));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const pooled = new URL(url);
  pooled.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: pooled.href,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Passes on what the server says, until and with the message that tells the process; then everything as it is. */
function relabel(client: Socket, upstream: Socket, first: Buffer): void {
  const at = first.indexOf(KEY_DATA);
  if (at < 0) {
    client.write(first);
    upstream.once('data', (next) => relabel(client, upstream, next));
    return;
  }
  first.writeInt32BE(4242, at + KEY_DATA.length);
  client.write(first);
  upstream.pipe(client);
}
