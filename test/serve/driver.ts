import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import type { CutoverHost } from '../../src/cutover/index.ts';
import { type LiveMessage, metricsText, type Overview, type Snapshot } from '../../src/overview/index.ts';
import {
  type Acted,
  type ActionParts,
  type RunningServer,
  type ServerOptions,
  type ServerParts,
  startServer,
} from '../../src/serve/index.ts';
import { connected, doorsTo, opened } from '../overview/driver.ts';
import { inTime } from '../support/wait.ts';

export const TOKEN = 'a-token-that-nobody-guesses';

/** An overview of a server that is not there: what it has seen is what the test says. */
export interface FakeOverview extends Overview {
  show(seen: { snapshot?: Snapshot | null; away?: { since: string; why: string } | null }): void;
}

/** For what has to happen at a moment that the test decides. Details are not there. */
export function fakeOverview(first: Snapshot | null = null): FakeOverview {
  let seen: ReturnType<Overview['seen']> = { snapshot: first, away: null };
  const listeners = new Set<Parameters<Overview['subscribe']>[0]>();
  const nothing = async () => Promise.reject(new Error('nothing is asked'));
  return {
    seen: () => seen,
    first: async () => seen,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    streamHistory: () => undefined,
    redisHistory: () => ({ at: [], values: {} }),
    ...{ stream: nothing, pending: nothing, deadLetters: nothing, deadLetter: nothing },
    close: async () => undefined,
    show(next) {
      seen = { ...seen, away: null, ...next };
      for (const listener of listeners) listener(seen);
    },
  };
}

/** A server on a free port, closed after the test. */
export async function served(
  overview: Overview,
  options: ServerOptions = {},
  more: Partial<ServerParts> = {},
): Promise<RunningServer> {
  const parts: ServerParts = {
    overview,
    version: '1.2.3',
    metrics: (seen, viewers) => metricsText(seen, { version: '1.2.3', viewers }),
    assets: new Map(),
    ...more,
  };
  const server = await startServer(parts, { listen: { host: '127.0.0.1', port: 0 }, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** A server over a real Redis, with actions. */
export async function servedOver(
  url: string,
  { options = {}, actions = {}, allow = true }: ServedOver = {},
): Promise<{ server: RunningServer; overview: Overview; acted: Acted[]; failed: unknown[] }> {
  const redis = await connected(url);
  const overview = opened(doorsTo(redis));
  const [acted, failed]: [Acted[], unknown[]] = [[], []];
  const host = { redis: async () => redis, now: () => new Date() } as CutoverHost;
  const parts: ActionParts = {
    redis: async () => redis,
    cutovers: async () => host,
    breakers: {},
    ...actions,
  };
  const events = {
    acted: (one: Acted) => void acted.push(one),
    failed: (error: unknown) => void failed.push(error),
  };
  const server = await served(overview, options, { ...(allow && { actions: parts }), events });
  await overview.first();
  return { server, overview, acted, failed };
}

interface ServedOver {
  options?: ServerOptions;
  actions?: Partial<ActionParts>;
  allow?: boolean;
}

/** What a server has answered. */
export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  json: any;
}

/** Asks as a program does that may say anything; the path is sent as it is. */
export function ask(
  { url }: Pick<RunningServer, 'url'>,
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<Answered> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: hostname.replace(/[[\]]/g, ''), port, path, method, headers },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type']?.includes('json') && text !== '';
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text,
            json: isJson ? JSON.parse(text) : null,
          });
        });
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}

/** Sends JSON as the page does. */
export function post(
  server: RunningServer,
  path: string,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): Promise<Answered> {
  const json = { 'content-type': 'application/json', origin: server.url };
  return ask(server, path, { method: 'POST', body: JSON.stringify(body), headers: { ...json, ...headers } });
}

/** Somebody who watches. */
export interface Watcher {
  socket: WebSocket;
  heard: LiveMessage[];
  /** The first message that fits, the past ones among them. */
  until<T extends LiveMessage['type']>(
    type: T,
    fits?: (message: Extract<LiveMessage, { type: T }>) => unknown,
  ): Promise<Extract<LiveMessage, { type: T }>>;
  /** Code of its end. */
  closed: Promise<number>;
}

/** Connects; rejects with the status where that is refused. */
export async function watch(server: RunningServer, headers: Record<string, string> = {}): Promise<Watcher> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, { headers });
  onTestFinished(() => socket.terminate());
  const heard: LiveMessage[] = [];
  const told = new Set<() => void>();
  socket.on('message', (data) => {
    heard.push(JSON.parse(String(data)));
    for (const tell of told) tell();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_, response) => {
      reject(new Error(`refused with ${response.statusCode}`));
      socket.terminate();
    });
    socket.on('error', reject);
  });
  return {
    ...{ socket, heard, closed },
    until: (type, fits = () => true) =>
      inTime(
        new Promise((resolve) => {
          const look = (): void => {
            const found = heard.find((one) => one.type === type && fits(one as never));
            if (!found) return;
            told.delete(look);
            resolve(found as never);
          };
          told.add(look);
          look();
        }),
        `a message ${type}`,
      ),
  };
}
