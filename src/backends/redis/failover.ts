import type { Redis } from 'ioredis';
import { type Guarded, standaloneClient } from './client.ts';
import { sentinelLogin } from './discover.ts';
import type { ResolvedOptions } from './options.ts';

const CHANNEL = '+switch-master';

/**
 * Leaves the old primary the moment the sentinels have chosen a new one. The old
 * one goes on taking writes until it is told, and loses them all when it is.
 */
export async function watchFailover(guarded: Guarded<Redis>, from: ResolvedOptions): Promise<void> {
  const login = sentinelLogin(from);
  for (const host of from.hosts) {
    const watcher = await standaloneClient({ ...login, silenceTimeoutMs: 0 }, host);
    watcher.established = true;
    guarded.companions.push(watcher.client);
    watcher.client.on('ready', () => watcher.client.subscribe(CHANNEL).catch(() => {}));
    watcher.client.on('message', (_channel, text) => switched(guarded, from.sentinel!.name, text));
    watcher.client.connect().catch(() => {});
  }
}

/**
 * `text` is `NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`, from every sentinel once: by the first the client
 * may be sent to one that does not know yet, and be led back to the old primary.
 */
function switched(guarded: Guarded<Redis>, master: string, text: string): void {
  const [name, , , host, port] = text.split(' ');
  const { client } = guarded;
  if (name !== master) return;
  // A client that is being connected must not be disconnected: ioredis would give up for good.
  if (client.status === 'connecting') client.once('connect', () => leaveAllBut(guarded, host!, port!));
  else if (client.status === 'connect' || client.status === 'ready') leaveAllBut(guarded, host!, port!);
}

function leaveAllBut({ client, closed }: Guarded<Redis>, host: string, port: string): void {
  if (closed) return;
  const { stream } = client;
  if (stream?.remoteAddress === host && stream.remotePort === Number(port)) return;
  client.disconnect(true);
  // At once: a reply that still comes would confirm a write that is about to be lost.
  stream?.destroy();
}
