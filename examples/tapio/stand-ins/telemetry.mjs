/*
 * What an engine tells of itself over HTTP: GET /status gives the share of errors and the 95th percentile of the time
 * that an event took in the engine, over the last second; null as long as that says nothing. What the engine still
 * has in hand counts with its time so far, and where that is longer than a second it alone: one that hangs is slow, and
 * not silent.
 */
import { createServer } from 'node:http';

const WINDOW_MS = 1000;
const FEWEST = 5;

export function openTelemetry(engine, port) {
  let recent = [];
  let inHand = { count: 0, since: 0 };
  /** A batch of so many events begins; what it returns says how many of them were good. */
  const begin = (count) => {
    const since = performance.now();
    inHand = { count, since };
    return (good) => {
      const ms = performance.now() - since;
      for (let n = 0; n < count; n += 1) recent.push({ at: Date.now(), ms, ok: n < good });
      inHand = { count: 0, since: 0 };
    };
  };
  const status = () => {
    recent = recent.filter(({ at }) => at > Date.now() - WINDOW_MS);
    const age = inHand.count > 0 ? performance.now() - inHand.since : 0;
    const soFar = new Array(inHand.count).fill(age);
    const times = [...recent.map(({ ms }) => ms), ...soFar].sort((a, b) => a - b);
    const slow = times[Math.floor(times.length * 0.95)];
    const known = times.length >= FEWEST ? slow : null;
    const failed = recent.filter(({ ok }) => !ok).length;
    return {
      engine,
      events: recent.length,
      errorRate: recent.length < FEWEST ? null : failed / recent.length,
      p95Ms: age > WINDOW_MS ? Math.round(age) : known && Math.round(known),
    };
  };
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(status()));
  });
  server.listen(Number(port), '127.0.0.1');
  const close = () => {
    server.close();
    // Those that asked keep theirs open.
    server.closeAllConnections();
  };
  return { begin, close };
}
