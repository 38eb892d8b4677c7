import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { seededRandom } from './random.ts';

export interface CutPlan {
  /** Pause between two cuts, drawn evenly from this range. */
  everyMs: [min: number, max: number];
  seed?: number;
}

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** How many client connections were accepted so far. */
  readonly accepted: number;
  /** Resets every open connection now; new ones are accepted. */
  cut(): void;
  /**
   * `true` or `refuse`: resets what is open and what comes. `hold`: keeps and accepts connections, but
   * nothing flows until `false`, which continues where it stopped.
   */
  setBlocked(blocked: boolean | 'refuse' | 'hold'): void;
  /** Cuts again and again until the returned function is called. */
  cutRandomly(plan: CutPlan): () => void;
  stop(): Promise<void>;
}

interface Pair {
  client: Socket;
  server: Socket;
}

/** A proxy before a server on 127.0.0.1, to break connections without touching the server. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const link = new Link(targetPort);
  const server = createServer({ pauseOnConnect: true }, (client) => link.accept(client));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stops = new Set<() => void>();
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return link.accepted;
    },
    cut: () => link.cut(),
    setBlocked: (blocked) => link.setBlocked(blocked),
    cutRandomly: (plan) => {
      const stop = repeat(plan, () => link.cut());
      stops.add(stop);
      return stop;
    },
    stop: async () => {
      for (const stop of stops) stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      link.cut();
      await closed;
    },
  };
}

class Link {
  accepted = 0;
  readonly #targetPort: number;
  readonly #pairs = new Set<Pair>();
  #mode: 'open' | 'refuse' | 'hold' = 'open';

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  accept(client: Socket): void {
    this.accepted++;
    client.on('error', () => {});
    if (this.#mode === 'refuse') return void client.resetAndDestroy();
    const server = connect(this.#targetPort, '127.0.0.1');
    server.on('error', () => {});
    const pair = { client, server };
    this.#pairs.add(pair);
    const end = () => this.#end(pair);
    client.on('close', end);
    server.on('close', end);
    if (this.#mode === 'open') join(pair);
  }

  cut(): void {
    for (const pair of [...this.#pairs]) this.#end(pair);
  }

  setBlocked(blocked: boolean | 'refuse' | 'hold'): void {
    this.#mode = blocked === true ? 'refuse' : blocked || 'open';
    if (this.#mode === 'refuse') this.cut();
    for (const pair of this.#pairs) {
      if (this.#mode === 'hold') part(pair);
      else join(pair);
    }
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    // A reset, not an orderly end: the other side must not mistake it for a server that closed.
    for (const socket of [pair.client, pair.server]) if (!socket.destroyed) socket.resetAndDestroy();
  }
}

function join({ client, server }: Pair): void {
  part({ client, server });
  client.pipe(server);
  server.pipe(client);
}

function part({ client, server }: Pair): void {
  client.unpipe(server).pause();
  server.unpipe(client).pause();
}

function repeat({ everyMs: [min, max], seed = 1 }: CutPlan, act: () => void): () => void {
  const random = seededRandom(seed);
  let timer: NodeJS.Timeout;
  const plan = () => {
    timer = setTimeout(
      () => {
        act();
        plan();
      },
      min + random() * (max - min),
    );
    timer.unref();
  };
  plan();
  return () => clearTimeout(timer);
}
