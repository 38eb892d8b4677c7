import { once } from 'node:events';
import WebSocket from 'ws';
import type { LiveMessage } from '../../../src/overview/index.ts';
import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { DEAD_LETTERS, GROUP, STREAMS, streamOf } from './names.ts';
import type { Team } from './team.ts';

/** The page of the team, open the whole time in one browser. */
export interface Dashboard {
  /** Whether a message over the WebSocket has told so many dead letters. */
  sawDead(stream: string, length: number): boolean;
  close(): Promise<void>;
}

const MAIL = streamOf('communication');
/** Those that are there before the first dead letter. */
const ALIVE = STREAMS.filter((name) => name !== DEAD_LETTERS);

/** `qctl serve`, and a viewer on its WebSocket. */
export async function openDashboard({ onEnd }: Stage, { terminal, monitor }: Team): Promise<Dashboard> {
  heading('The dashboard');
  print('$ qctl serve &');
  const { child, ended } = terminal.listen(['serve']);
  await waitFor(async () => (await fetch(`http://${monitor}/health`)).ok, {
    what: 'the page',
    timeoutMs: 20_000,
  });
  print(`qctl: serving at http://${monitor}, for everybody on this machine`);
  const socket = new WebSocket(`ws://${monitor}/ws`);
  onEnd(async () => socket.terminate());
  const lengths = new Set<string>();
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as LiveMessage;
    if (message.type !== 'snapshot' && message.type !== 'changes') return;
    const { deadLetters = [] } = message.type === 'snapshot' ? message.snapshot : message.parts;
    for (const { stream, length } of deadLetters) lengths.add(`${stream} ${length}`);
  });
  await once(socket, 'open');
  return {
    sawDead: (stream, length) => lengths.has(`${stream} ${length}`),
    async close() {
      socket.close();
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** What a program is told over REST while events are stuck. */
export async function askDashboard({ figures }: Stage, { redis, monitor }: Team): Promise<void> {
  heading('What the dashboard says of it');
  const length = await redis.xlen(MAIL);
  await untilSampled(monitor, length);
  const get = async (path: string) => show(`http://${monitor}${path}`);
  const health = await get('/health');
  const { streams } = JSON.parse((await get('/api/streams')).text) as { streams: { stream: string }[] };
  const mail = encodeURIComponent(MAIL);
  const [one] = JSON.parse((await get(`/api/stream/${mail}`)).text) as { length: number }[];
  const listed = JSON.parse((await get(`/api/pending/${mail}/${GROUP}`)).text) as { pending: number };
  const metrics = (await get('/metrics')).text;
  const [pending] = await redis.xpending(MAIL, GROUP);
  figures.held(
    'REST: health, length and pending entries of communication',
    `${health.status}, ${one?.length}, ${listed.pending}`,
    {
      wanted: `200, ${length}, ${pending}, as Redis itself says`,
      holds:
        health.status === 200 &&
        ALIVE.every((name) => streams.some(({ stream }) => stream === name)) &&
        one?.length === length &&
        listed.pending === Number(pending) &&
        metrics.includes(lengthLine(length)),
    },
  );
}

const lengthLine = (length: number) => `qctl_stream_length{stream="${MAIL}"} ${length}`;

/** What it answers is as old as its last look, and one that a busy machine held up began before the last event came. */
async function untilSampled(monitor: string, length: number): Promise<void> {
  const text = async (path: string) => (await fetch(`http://${monitor}${path}`)).text();
  const known = async () => {
    const listed = await text('/api/streams');
    return (
      (await text('/metrics')).includes(lengthLine(length)) && ALIVE.every((name) => listed.includes(name))
    );
  };
  await waitFor(known, { what: `${length} entries of ${MAIL} on the page`, timeoutMs: 10_000 });
}

/** The browser is told of the dead letters by itself. */
export async function seeDeath({ figures }: Stage, { redis }: Team, dashboard: Dashboard): Promise<void> {
  const dead = await redis.xlen(DEAD_LETTERS);
  await waitFor(() => dashboard.sawDead(DEAD_LETTERS, dead), { what: 'dead letters over the WebSocket' });
  figures.held('WebSocket: dead letters that a browser was told of', dead, {
    wanted: `${dead}`,
    holds: true,
  });
}

async function show(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  const text = await response.text();
  print(`$ curl ${url}`);
  print(`${response.status}  ${text.split('\n')[0]!.slice(0, 86)} …`);
  return { status: response.status, text };
}
