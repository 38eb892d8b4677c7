import type { ComponentChildren } from 'preact';
import type { Snapshot } from '../../src/overview/index.ts';
import { grouped, timeText } from '../lib/format.ts';
import { CUTOVER_ENDS, cutoverTone, words } from '../lib/states.ts';
import { Empty, Notice, Part, View } from '../parts/frame.tsx';
import { Badge, Facts, Meter, Time } from '../parts/value.tsx';
import { CutoverActions } from './cutover-actions.tsx';
import { CutoverSteps } from './cutover-steps.tsx';

type Cutover = Snapshot['cutovers'][number];

/** Cutovers, the newest first: where they stand, and what they wait for. */
export function CutoversView({ snapshot }: { snapshot: Snapshot }) {
  const { cutovers } = snapshot;
  const going = cutovers.filter(({ state }) => !CUTOVER_ENDS.has(state)).length;
  return (
    <View
      title="Cutovers"
      aside={<span class="dim">{`${grouped(going)} under way of ${grouped(cutovers.length)}`}</span>}
    >
      <Part of={snapshot} part="cutovers" rows={cutovers.length}>
        {cutovers.length === 0 && (
          <Empty title="No cutovers">
            One that moves traffic from the old side to the new appears here as soon as it starts:{' '}
            <code>qctl cutover run PLAN</code>.
          </Empty>
        )}
        {cutovers.map((cutover) => (
          <CutoverCard key={cutover.run} cutover={cutover} nowMs={Date.parse(snapshot.at)} />
        ))}
      </Part>
    </View>
  );
}

function CutoverCard({ cutover, nowMs }: { cutover: Cutover; nowMs: number }) {
  const tone = cutoverTone(cutover);
  const over = CUTOVER_ENDS.has(cutover.state);
  const done = cutover.steps.filter(({ state }) => state === 'applied' || state === 'already').length;
  return (
    <article class={`card tone-${tone}`}>
      <header class="card-head">
        <h2 class="name">
          {cutover.plan} <span class="dim">{cutover.run}</span>
        </h2>
        <span class="badges">
          {cutover.rehearsal && <Badge tone="plain">rehearsal</Badge>}
          <Badge tone={tone}>{words(cutover.state)}</Badge>
        </span>
      </header>
      <Meter
        share={cutover.stepCount === 0 ? 1 : done / cutover.stepCount}
        name={`Steps of ${cutover.run}`}
        text={`${done} of ${cutover.stepCount} steps`}
        tone={tone === 'plain' ? 'info' : tone}
      />
      <Standing cutover={cutover} nowMs={nowMs} />
      <Facts of={factsOf(cutover, over)} />
      {!over && <CutoverActions cutover={cutover} />}
      <CutoverSteps steps={cutover.steps} inHand={cutover.step} open={!over} />
    </article>
  );
}

/** Why nothing moves, what was ordered, what went wrong. */
function Standing({ cutover, nowMs }: { cutover: Cutover; nowMs: number }) {
  const { waitingFor, waitingSince, pauseOrdered, why, alive, state, rollback, host, pid } = cutover;
  const over = CUTOVER_ENDS.has(state);
  return (
    <>
      {waitingFor && (
        <Notice>
          {waitingSince ? `Waiting since ${timeText(waitingSince, nowMs)}` : 'Waiting'}: {waitingFor}
        </Notice>
      )}
      {pauseOrdered && <Notice>A pause is ordered, and comes after the step in hand: {pauseOrdered}</Notice>}
      {why && <Notice tone={state === 'completed' ? 'info' : 'bad'}>{why}</Notice>}
      {!alive && !over && (
        <Notice tone="bad">
          No process is at work on it (the last was {pid} on {host}). To go on: qctl cutover resume{' '}
          {cutover.run}
        </Notice>
      )}
      {rollback?.failures.map(({ step, why: reason, byHand }) => (
        <Notice key={step} tone="bad">
          {step} could not be taken back: {reason}. {byHand.length > 0 && `By hand: ${byHand.join('; ')}`}
        </Notice>
      ))}
    </>
  );
}

function factsOf(cutover: Cutover, over: boolean): [string, ComponentChildren][] {
  const { startedAt, endedAt, by, next, nextAt, earliestEnd, pastNoReturn, rollback, checks } = cutover;
  const failed = checks.filter((check) => check.failed + check.errors > 0);
  return [
    ['Started', <Time at={startedAt} />],
    ['By', by],
    ...(endedAt ? ([['Ended', <Time at={endedAt} />]] as [string, ComponentChildren][]) : []),
    ...(next
      ? ([['Next', `${next.does}${nextAt ? `, not before ${timeText(nextAt)}` : ''}`]] as [string, string][])
      : []),
    ...(over ? [] : ([['Ends at the earliest', <Time at={earliestEnd} />]] as [string, ComponentChildren][])),
    ['Way back', pastNoReturn ? 'a step without way back is done' : 'open'],
    [
      'Checks',
      checks.length === 0
        ? 'none'
        : failed.length === 0
          ? `all ${grouped(checks.length)} pass`
          : failed.map(({ check, last }) => `${check}: ${last.at(-1)?.why ?? 'failed'}`).join('; '),
    ],
    ...(rollback
      ? ([['Went back', `ordered by ${rollback.by} at ${timeText(rollback.startedAt)}: ${rollback.why}`]] as [
          string,
          string,
        ][])
      : []),
  ];
}
