// npx tsx bench/simulate/billion.ts: what a billion messages take. Every number that it begins with can be given:
// --messages --bytes-per-entry --process-micros --shard-micros --call-ms --shard-gib --price
import { parseArgs } from 'node:util';
import { seededRandom } from '../../test/support/random.ts';
import { simulateDrain } from './drain.ts';
import { sharesOf, unevenness } from './keys.ts';

/** As measured on the machine of docs/scale.md; yours has others. */
const DEFAULTS = {
  messages: '1000000000',
  'bytes-per-entry': '346',
  'process-micros': '110',
  'shard-micros': '8',
  'call-ms': '20',
  'shard-gib': '25',
  price: '0.40',
};
/** So many are played; the rate of these is that of all. */
const PLAYED = 400_000;
const BATCH = 10;
const GIB = 2 ** 30;

const { values } = parseArgs({
  options: Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => [name, { type: 'string' as const, default: value }]),
  ),
});
const given = (name: keyof typeof DEFAULTS) => Number(values[name]);

const messages = given('messages');
const bytes = messages * given('bytes-per-entry');
const shards = Math.max(3, Math.ceil(bytes / GIB / given('shard-gib')));
const calls = (2 * messages) / BATCH;
const group = (n: number, digits = 0) => n.toLocaleString('en-GB', { maximumFractionDigits: digits });
const say = (name: string, text: string) => process.stdout.write(`${name.padEnd(22)}${text}\n`);

say('messages', group(messages));
say('memory', `${group(bytes / GIB)} GiB in the streams, if nobody consumed meanwhile`);
say('shards', `${shards} of at most ${given('shard-gib')} GiB, each with a replica`);
say(
  'calls to SQS',
  `${group(calls)}, about $${group((calls / 1e6) * given('price'))} at $${given('price')} a million`,
);
process.stdout.write(
  '\nPROCESSES  RECEIVERS  KEYS                   RATE        TIME  BUSIEST SHARD  BUSIEST PROCESS\n',
);
for (const [keys, name] of [
  [{ count: 10_000_000, skew: 0 }, '10 million, even'],
  [{ count: 1_000_000, skew: 1 }, '1 million, Zipf'],
] as const) {
  const shares = sharesOf(keys, shards * 4);
  for (const processes of [1, 4, 16])
    tell(processes, 64, shares, `${name} (${unevenness(shares).toFixed(2)})`);
}

function tell(processes: number, receivers: number, shares: number[], keys: string): void {
  const setting = {
    messages: PLAYED,
    processes,
    receivers,
    shares,
    shards,
    callMs: given('call-ms'),
    processMicros: given('process-micros'),
    shardMicros: given('shard-micros'),
  };
  const { perSecond, busiestShard, busiestProcess } = simulateDrain(setting, seededRandom(1));
  const cells = [
    `${processes}`.padStart(9),
    `${receivers}`.padStart(9),
    keys.padEnd(22),
    `${group(perSecond)}/s`.padStart(10),
    `${group(messages / perSecond / 3600, 1)} h`.padStart(10),
    `${Math.round(busiestShard * 100)} %`.padStart(13),
    `${Math.round(busiestProcess * 100)} %`.padStart(15),
  ];
  process.stdout.write(`${cells.join('  ')}\n`);
}
