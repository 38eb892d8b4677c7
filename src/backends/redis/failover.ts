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
  const seen = { last: '' };
  const login = sentinelLogin(from);
  for (const host of from.hosts) {
    const watcher = await standaloneClient({ ...login, silenceTimeoutMs: 0 }, host);
    watcher.established = true;
    guarded.companions.push(watcher.client);
    watcher.client.on('ready', () => watcher.client.subscribe(CHANNEL).catch(() => {}));
    watcher.client.on('message', (_channel, text) => switched(guarded, from.sentinel!.name, text, seen));
    watcher.client.connect().catch(() => {});
  }
}

/** `text` is `NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`, from every sentinel once. */
function switched(
  { client, closed }: Guarded<Redis>,
  master: string,
  text: string,
  seen: { last: string },
): void {
  const [name, , , host, port] = text.split(' ');
  if (closed || name !== master || seen.last === text) return;
  seen.last = text;
  const { stream } = client;
  if (stream?.remoteAddress === host && stream.remotePort === Number(port)) return;
  client.disconnect(true);
  // At once: a reply that still comes would confirm a write that is about to be lost.
  stream?.destroy();
}
