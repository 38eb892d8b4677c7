import type { LiveMessage } from '../../src/overview/index.ts';
import { createStore } from '../lib/store.ts';
import { retryAfterMs } from './backoff.ts';
import { heard, type Live, NOTHING } from './state.ts';

/** What is known of everything; all views draw from it. */
export const live = createStore<Live>(NOTHING);

/** A connection on which nothing comes for so long is taken for dead: a laptop slept, or a proxy forgot it. */
const SILENCE_MS = 30_000;

let socket: WebSocket | null = null;
let attempts = 0;
let retry: ReturnType<typeof setTimeout> | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;

/** Connects, and again whenever the connection is lost. To be called once. */
export function startLive(): void {
  connect();
  addEventListener('online', connectNow);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && live.get().link === 'lost') connectNow();
  });
}

/** Does not wait for the next attempt. */
export function connectNow(): void {
  if (live.get().link === 'live') return;
  clearTimeout(retry);
  attempts = 0;
  connect();
}

function connect(): void {
  drop();
  const address = new URL('ws', document.baseURI);
  address.protocol = address.protocol.replace('http', 'ws');
  address.hash = '';
  const own = new WebSocket(address);
  socket = own;
  set({ retryAtMs: null });
  awaitSign();
  own.onmessage = ({ data }) => hear(String(data));
  own.onclose = () => socket === own && void lost();
}

/** Forgets a connection: what it still says is not heard. */
function drop(): void {
  const own = socket;
  socket = null;
  own?.close();
}

function hear(text: string): void {
  awaitSign();
  const message = JSON.parse(text) as LiveMessage;
  const next = heard(live.get(), message, Date.now());
  if (!next) {
    connect();
    return;
  }
  if (message.type === 'snapshot' || message.type === 'changes') attempts = 0;
  live.set({ ...next, link: 'live', retryAtMs: null });
}

function awaitSign(): void {
  clearTimeout(silence);
  silence = setTimeout(() => void lost(), SILENCE_MS);
}

/** A socket that is refused does not say why: a plain request does. */
async function lost(): Promise<void> {
  drop();
  clearTimeout(silence);
  clearTimeout(retry);
  if (live.get().link !== 'login') set({ link: live.get().snapshot ? 'lost' : live.get().link });
  if (await isRefused()) {
    set({ link: 'login', retryAtMs: null });
    return;
  }
  const waitMs = retryAfterMs(attempts, Math.random());
  attempts += 1;
  set({ link: 'lost', retryAtMs: Date.now() + waitMs });
  clearTimeout(retry);
  retry = setTimeout(connect, waitMs);
}

async function isRefused(): Promise<boolean> {
  try {
    const answer = await fetch('api/session', { signal: AbortSignal.timeout(5000) });
    return answer.status === 401;
  } catch {
    return false;
  }
}

function set(some: Partial<Live>): void {
  live.set({ ...live.get(), ...some });
}
