import { readFileSync } from 'node:fs';
import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Flow } from './flow.ts';
import { isFinished, unfinished } from './state.ts';
import type { Team } from './team.ts';

/** What a step and a verdict look like. */
const STEPS = /^( #| ?\d+ )|^(freeze|rollback|undone|old side|took|budget|result|time) /;
const RUN = ['cutover', 'run', 'plan.yaml', '--set', 'watch=1s', '--reason', 'CHG-4711', '--yes'];

/** From blue to green by the plan. */
export async function cutover({ figures }: Stage, { terminal, envFile }: Team, flow: Flow): Promise<void> {
  heading('Blue-green: systemd and .env by a plan, while alerts flow');
  const before = flow.sent.size;
  await terminal.runBriefly(RUN, STEPS);
  const type = queueType(envFile);
  figures.held('cutover: DELPHI_QUEUE_TYPE', type, { wanted: 'redis', holds: type === 'redis' });
  const sent = flow.sent.size - before;
  figures.held('alerts accepted meanwhile', sent, { wanted: 'above 0', holds: sent > 0 });
}

/** A forced rollback with alerts in hand and in the stream. */
export async function rollback({ figures }: Stage, team: Team, flow: Flow): Promise<void> {
  heading('The mail relay answers nobody, alerts pile up, and somebody decides to go back');
  await fetch(`${team.email}/hold`);
  await flow.burst(44);
  await waitFor(async () => (await unfinished(team)).waiting >= 8, { what: 'a backlog' });
  const { waiting, pending } = await unfinished(team);
  print(`${pending} alerts are in hand, ${waiting} wait in the stream`);
  const from = performance.now();
  const released = releaseMails(team);
  const back = team.terminal.runBriefly(['rollback', '--reason', 'mails are late', '--yes'], STEPS, 12);
  const { stdout } = (await Promise.all([back, released]))[0];
  const seconds = (performance.now() - from) / 1000;
  figures.held('forced rollback', `${seconds.toFixed(1)} s`, {
    wanted: 'below 30 s, budget 5 min',
    holds: seconds < 30,
  });
  const returned = Number(/(\d+) messages of \S+ given back/.exec(stdout)?.[1]);
  figures.held('given back to the table', returned, { wanted: 'above 0', holds: returned > 0 });
  const type = queueType(team.envFile);
  figures.held('rollback: DELPHI_QUEUE_TYPE', type, { wanted: 'postgresql', holds: type === 'postgresql' });
}

/** The relay works again once the new worker has heard that it is to stop: what it has in hand it can finish, and takes no more. */
async function releaseMails({ services, email }: Team): Promise<void> {
  const before = await services.stopsHeard();
  const heard = async () => (await services.stopsHeard()) > before;
  await waitFor(heard, { what: 'the stop of the new worker', timeoutMs: 60_000 });
  await fetch(`${email}/release`);
}

/** Old workers finish everything; then every alert that was accepted is held against the mails that went out. */
export async function nothingLost({ figures }: Stage, team: Team, flow: Flow): Promise<void> {
  heading('Old workers finish everything');
  await flow.end();
  const empty = async () => (await team.openRows()) === 0 && (await isFinished(team));
  await waitFor(empty, { what: 'the end of table and stream', timeoutMs: 90_000, everyMs: 200 });
  const wanted = new Set([...flow.sent.keys(), ...team.services.accepted()]);
  const mails = team.services.mails().map(({ id }) => id);
  const mailedOnce = new Set(mails);
  const lost = [...wanted].filter((id) => !mailedOnce.has(id)).length;
  const doubled = mails.length - mailedOnce.size;
  const unknown = [...mailedOnce].filter((id) => !wanted.has(id)).length;
  print(`${wanted.size} alerts were accepted, ${mails.length} mails went out`);
  figures.told('alerts in all', wanted.size);
  figures.held('lost', lost, { wanted: '0', holds: lost === 0 });
  figures.held('doubled', doubled, { wanted: '0', holds: doubled === 0 });
  figures.held('mails for no alert', unknown, { wanted: '0', holds: unknown === 0 });
}

function queueType(envFile: string): string {
  return /^DELPHI_QUEUE_TYPE=(.*)$/m.exec(readFileSync(envFile, 'utf8'))?.[1] ?? '';
}
