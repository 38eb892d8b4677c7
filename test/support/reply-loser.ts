import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy that lets a request through and throws its reply away with the connection. */
export interface ReplyLoser {
  readonly port: number;
  /** How many replies were thrown away. */
  readonly lost: number;
  /** Throws the next reply away. */
  loseNext(): void;
  stop(): Promise<void>;
}

/** Before a server on 127.0.0.1. What was asked for is done, and nobody is told. */
export async function startReplyLoser(targetPort: number): Promise<ReplyLoser> {
  const open = new Set<Socket>();
  let losing = false;
  let lost = 0;
  const server = createServer((client) => {
    const behind = connect(targetPort, '127.0.0.1');
    for (const socket of [client, behind]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        behind.destroy();
      });
    }
    client.pipe(behind);
    behind.on('data', (reply) => {
      if (!losing) return void client.write(reply);
      losing = false;
      lost += 1;
      client.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get lost() {
      return lost;
    },
    loseNext() {
      losing = true;
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
