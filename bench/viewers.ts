// Browsers that look at `qctl serve`, as far as its work goes: sockets that take every message, and one client that asks
// for all streams again and again. A process of its own, so that its work is not counted as that of the server.
// argv: base URL, sockets, requests a second, seconds. Prints one JSON document.
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

const [base = '', sockets = '200', perSecond = '20', seconds = '30'] = process.argv.slice(2);

/** What came over all sockets together. */
const seen = { messages: 0, sentBytes: 0, snapshots: 0, closed: 0 };

function open(): Promise<WebSocket> {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws`, { origin: base });
  socket.on('message', (data: Buffer) => {
    seen.messages += 1;
    seen.sentBytes += data.length;
    if (data.subarray(0, 40).includes('"snapshot"')) seen.snapshots += 1;
  });
  socket.on('close', () => {
    seen.closed += 1;
  });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Times until the whole body is there, in ms; the schedule is kept whatever the answers take. */
async function askAll(until: number): Promise<{ times: number[]; bytes: number; failed: number }> {
  const asked: Promise<void>[] = [];
  const times: number[] = [];
  let bytes = 0;
  let failed = 0;
  const from = performance.now();
  for (let due = from; due < until; due += 1000 / Number(perSecond)) {
    await sleep(Math.max(0, due - performance.now()));
    asked.push(
      (async () => {
        const response = await fetch(`${base}/api/streams`);
        bytes = (await response.arrayBuffer()).byteLength;
        if (!response.ok) failed += 1;
        times.push(performance.now() - due);
      })(),
    );
  }
  await Promise.all(asked);
  return { times, bytes, failed };
}

const all: WebSocket[] = [];
for (let n = 0; n < Number(sockets); n += 1) all.push(await open());
const { times, bytes, failed } = await askAll(performance.now() + Number(seconds) * 1000);
const sorted = times.toSorted((a, b) => a - b);
const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
const outcome = {
  ...{ requests: times.length, failed, bytes, p50: at(0.5), p99: at(0.99), most: at(1) },
  ...{ sockets: all.length, ...seen },
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);
for (const socket of all) socket.terminate();
