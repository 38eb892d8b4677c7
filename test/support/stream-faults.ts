import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What is done to one in a thousand of the entries that pass. */
export type EntryFault = 'drop' | 'double' | 'corrupt' | 'swap';

/** A proxy before Redis that damages streams on their way in, and answers as if all was well. */
export interface StreamFaults {
  readonly url: string;
  /** How often each was done. */
  readonly done: Record<EntryFault, number>;
  stop(): Promise<void>;
}

const EVERY = 1000;
/** Each has its own place in a thousand, so that no entry is hit twice. */
const PLACES: Record<number, EntryFault> = { 100: 'drop', 300: 'double', 500: 'corrupt', 700: 'swap' };

const SILENTLY = encode(['CLIENT', 'REPLY', 'SKIP'].map((word) => Buffer.from(word)));

/** Before the Redis at this URL. @param faults which of them */
export async function startStreamFaults(url: string, faults: readonly EntryFault[]): Promise<StreamFaults> {
  const { hostname, port } = new URL(url);
  const done = { drop: 0, double: 0, corrupt: 0, swap: 0 };
  const sockets = new Set<Socket>();
  let passed = 0;
  const faultOf = (): EntryFault | undefined => {
    const fault = PLACES[passed % EVERY];
    passed += 1;
    return fault && faults.includes(fault) ? fault : undefined;
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    upstream.pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    let rest = Buffer.alloc(0);
    let held: Buffer | undefined;
    client.on('data', (piece) => {
      rest = Buffer.concat([rest, piece]);
      for (let call = cutCall(rest); call; call = cutCall(rest)) {
        rest = rest.subarray(call.bytes.length);
        const isAdd = call.args[0]!.toString().toUpperCase() === 'XADD';
        let bytes: Buffer = call.bytes;
        const fault = isAdd ? faultOf() : undefined;
        if (fault) done[fault] += 1;
        if (fault === 'drop')
          bytes = encode([call.args[0]!, Buffer.from('elsewhere'), ...call.args.slice(2)]);
        // Its copy is not answered.
        if (fault === 'double') bytes = Buffer.concat([bytes, SILENTLY, bytes]);
        if (fault === 'corrupt') bytes = encode(damaged(call.args));
        if (fault === 'swap') held = bytes;
        else if (isAdd && held) {
          upstream.write(Buffer.concat([bytes, held]));
          held = undefined;
        } else upstream.write(bytes);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    done,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The last byte of the body is another one. */
function damaged(args: readonly Buffer[]): Buffer[] {
  const at = args.findIndex((arg) => arg.toString() === 'body') + 1;
  const body = Buffer.from(args[at]!);
  body[body.length - 1]! ^= 1;
  return args.map((arg, index) => (index === at ? body : arg));
}

/** The first whole call of what a client has written. */
function cutCall(data: Buffer): { bytes: Buffer; args: Buffer[] } | undefined {
  let at = data.indexOf('\r\n');
  if (at < 0) return undefined;
  const count = Number(data.toString('latin1', 1, at));
  const args: Buffer[] = [];
  at += 2;
  while (args.length < count) {
    const end = data.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const length = Number(data.toString('latin1', at + 1, end));
    if (data.length < end + 2 + length + 2) return undefined;
    args.push(data.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
  return { bytes: data.subarray(0, at), args };
}

function encode(args: readonly Buffer[]): Buffer {
  const parts = args.flatMap((arg) => [Buffer.from(`$${arg.length}\r\n`), arg, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...parts]);
}
