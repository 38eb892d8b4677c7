import { connect } from 'node:net';
import { speaksPlain, speaksTls } from '../backends/redis/index.ts';
import type { Lead, LeadKind } from './lead.ts';

/** A port, and what usually listens there. */
export interface KnownPort {
  port: number;
  kind: LeadKind | 'sentinel';
}

/** The ports that are looked at, on this machine alone. */
export const KNOWN_PORTS: readonly KnownPort[] = [
  { port: 6379, kind: 'redis' },
  { port: 6380, kind: 'redis' },
  { port: 26379, kind: 'sentinel' },
  { port: 5432, kind: 'postgres' },
  { port: 4566, kind: 'sqs' },
  { port: 9324, kind: 'sqs' },
];

const HOST = '127.0.0.1';
/** On this machine an answer takes a millisecond, or never comes. */
const WAIT_MS = 300;

/** What listens on the known ports of this machine. Says no more than a greeting to it. */
export async function leadsOfPorts(ports: readonly KnownPort[] = KNOWN_PORTS): Promise<Lead[]> {
  const leads = await Promise.all(ports.map(leadOfPort));
  return leads.filter((lead) => lead !== undefined);
}

async function leadOfPort({ port, kind }: KnownPort): Promise<Lead | undefined> {
  if (!(await isOpen(port))) return undefined;
  const written = await writtenOf(port, kind);
  if (!written) return undefined;
  return { kind: kind === 'sentinel' ? 'redis' : kind, from: `port ${port}`, written, values: {} };
}

async function writtenOf(port: number, kind: KnownPort['kind']): Promise<Lead['written'] | undefined> {
  const at = { host: HOST, port };
  switch (kind) {
    case 'redis':
      if (await speaksPlain(at, WAIT_MS)) return { url: `redis://localhost:${port}` };
      return (await speaksTls(at, WAIT_MS)) ? { url: `rediss://localhost:${port}` } : undefined;
    case 'sentinel': {
      const name = await masterOf(port);
      return name === undefined ? undefined : { sentinel: { hosts: [`localhost:${port}`], name } };
    }
    case 'postgres':
      return { host: 'localhost', port };
    case 'sqs':
      return { endpoint: `http://localhost:${port}`, region: 'us-east-1' };
  }
}

function isOpen(port: number): Promise<boolean> {
  return withSocket(port, (socket, done) => socket.once('connect', () => done(true)), false);
}

/** The first primary that a Sentinel watches; undefined where it names none, or asks for a password first. */
function masterOf(port: number): Promise<string | undefined> {
  let answer = '';
  return withSocket<string | undefined>(
    port,
    (socket, done) => {
      socket.on('data', (data) => {
        answer += data.toString('latin1');
        const name = /\$4\r\nname\r\n\$\d+\r\n([^\r\n]+)\r\n/.exec(answer)?.[1];
        if (name !== undefined) done(name);
      });
      socket.write('SENTINEL MASTERS\r\n');
    },
    undefined,
  );
}

/** Resolves with what `listen` is done with, or with `otherwise` where nothing comes in time. */
function withSocket<T>(
  port: number,
  listen: (socket: ReturnType<typeof connect>, done: (value: T) => void) => void,
  otherwise: T,
): Promise<T> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const done = (value: T) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(value);
    };
    const timer = setTimeout(done, WAIT_MS, otherwise);
    socket.on('error', () => done(otherwise));
    socket.on('close', () => done(otherwise));
    listen(socket, done);
  });
}
