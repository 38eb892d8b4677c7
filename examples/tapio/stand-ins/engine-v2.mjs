/*
 * Correlation engine V2: takes events from its stream, up to 250 at a time, and asks for the context of all of them at
 * once. A result is written in one step with the acknowledgement: whose entry was given back meanwhile writes none.
 * Copies come by a stream of their own, and so go their results. At SIGTERM it gives up what it waits for, unacknowledged.
 *
 * BOUND=above is the mistake that the shadow run finds. FAULTS_FILE, read before each batch, spoils it:
 * { errors: true } fails every third event, { delayMs } makes a batch slow.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { above, atLeast, CONTEXT, contextField, judge, rulesFor } from './rules.mjs';
import { openTelemetry } from './telemetry.mjs';

const { env } = process;
const GROUP = 'engine-v2';
const RESULTS_OF = { [env.EVENTS]: env.RESULTS, [env.SHADOW]: `${env.RESULTS}:shadow` };
const FIELDS = ['eventId', 'engine', 'namespace', 'category', 'at', 'body'];
const bound = env.BOUND === 'above' ? above : atLeast;
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());

const redis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
redis.on('error', () => {});
redis.defineCommand('finish', {
  numberOfKeys: 2,
  // The group, and for each event its entry and the fields of its result.
  lua: `local size = 1 + 2 * #FIELDS
        for at = 2, #ARGV, size do
          if redis.call('XACK', KEYS[1], ARGV[1], ARGV[at]) == 1 then
            redis.call('XADD', KEYS[2], '*', unpack(ARGV, at + 1, at + size - 1))
          end
        end`.replace('#FIELDS', String(FIELDS.length)),
});
const telemetry = openTelemetry('v2', env.STATUS_PORT);

function faults() {
  try {
    return JSON.parse(readFileSync(env.FAULTS_FILE, 'utf8'));
  } catch {
    return {};
  }
}

/** The entries of a reply as events with the rules that are theirs. */
function readEntries(entries) {
  return entries.map(([entry, flat]) => {
    const at = (name) => (flat.indexOf(name) < 0 ? undefined : flat[flat.indexOf(name) + 1]);
    const category = at('type') ?? '';
    const body = JSON.parse(at('body'));
    return { entry, id: at('id'), namespace: at('key'), category, body, rules: rulesFor(category) };
  });
}

async function correlate(stream, events) {
  const fields = events.flatMap(({ namespace, rules }) => rules.map((rule) => contextField(namespace, rule)));
  const found = fields.length > 0 ? await redis.hmget(CONTEXT, ...fields) : [];
  let next = 0;
  const results = events.flatMap(({ entry, id, namespace, category, body, rules }) => {
    const findings = rules.map((rule) => judge(body, rule, found[next++], bound));
    const values = [id, 'v2', namespace, category, new Date().toISOString(), JSON.stringify(findings)];
    return [entry, ...FIELDS.flatMap((name, at) => [name, values[at]])];
  });
  if (results.length > 0) await redis.finish(stream, RESULTS_OF[stream], GROUP, ...results);
}

let seen = 0;

async function work(stream, entries) {
  const done = telemetry.begin(entries.length);
  const { errors, delayMs = 0 } = faults();
  if (delayMs > 0) await sleep(delayMs, undefined, { signal: stopping.signal });
  const events = readEntries(entries);
  // What it throws at stays pending: nobody has acknowledged it.
  const good = errors ? events.filter(() => seen++ % 3 !== 0) : events;
  await correlate(stream, good);
  done(good.length);
}

const streams = Object.keys(RESULTS_OF);
for (const stream of streams) await redis.xgroup('CREATE', stream, GROUP, '0', 'MKSTREAM').catch(() => {});
const READ = ['GROUP', GROUP, `engine-${process.pid}`, 'COUNT', 250, 'BLOCK', 200, 'STREAMS'];
try {
  while (!stopping.signal.aborted) {
    const reply = await redis.xreadgroup(...READ, ...streams, ...streams.map(() => '>'));
    for (const [stream, entries] of reply ?? []) await work(stream, entries);
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error;
}
telemetry.close();
redis.disconnect();
