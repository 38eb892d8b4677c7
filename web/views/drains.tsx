import type { ComponentChildren } from 'preact';
import type { Snapshot } from '../../src/overview/index.ts';
import { counted, formatDuration, grouped, percentText, timeText } from '../lib/format.ts';
import { encoded, placeHash } from '../lib/place.ts';
import { runTone } from '../lib/states.ts';
import { Action } from '../parts/action.tsx';
import { Empty, Part, View } from '../parts/frame.tsx';
import { Badge, Count, Facts, Meter, Rate, Span, Time } from '../parts/value.tsx';

type Run = Snapshot['runs'][number];

const OVER = new Set(['done', 'abandoned']);

/** Drains, the newest first: how far they are, and what holds them. */
export function DrainsView({ snapshot }: { snapshot: Snapshot }) {
  const { runs } = snapshot;
  const going = runs.filter(({ state }) => !OVER.has(state)).length;
  return (
    <View
      title="Drains"
      aside={<span class="dim">{`${grouped(going)} unfinished of ${grouped(runs.length)}`}</span>}
    >
      <Part of={snapshot} part="runs" rows={runs.length}>
        {runs.length === 0 && (
          <Empty title="No drains">
            One that moves a queue into a stream appears here as soon as it starts:{' '}
            <code>qctl drain sqs</code> or <code>qctl drain postgres</code>.
          </Empty>
        )}
        <ul class="cards">
          {runs.map((run) => (
            <li key={run.run}>
              <RunCard run={run} nowMs={Date.parse(snapshot.at)} />
            </li>
          ))}
        </ul>
      </Part>
    </View>
  );
}

function RunCard({ run, nowMs }: { run: Run; nowMs: number }) {
  const tone = runTone(run);
  const handled = run.read;
  const facts: [string, ComponentChildren][] = [
    ['Appended', <Count value={run.appended} />],
    ['Settled', <Count value={run.settled} />],
    ['Open', <Count value={run.open} />],
    [
      'Quarantined',
      <span class={run.quarantined > 0 ? 'bad-text' : undefined}>{grouped(run.quarantined)}</span>,
    ],
    ['Doubles kept out', <Count value={run.duplicatesSuppressed} />],
    [
      'Remaining',
      <Count value={run.remaining} why={OVER.has(run.state) ? 'the run is over' : 'no process says so'} />,
    ],
    ['Rate /s', <Rate value={run.ratePerSecond} why="nobody is at work" />],
    ['Time left', <Span value={run.etaMs} why="not to be told without a rate and what remains" />],
    ['Processes', grouped(run.processes)],
    ['Started', <Time at={run.createdAt} />],
    ...(run.waiting > 0 ? ([['Scheduled', grouped(run.waiting)]] as [string, string][]) : []),
    ...(run.finishedAt
      ? ([['Finished', <Time at={run.finishedAt} />]] as [string, ComponentChildren][])
      : []),
  ];
  return (
    <article class={`card tone-${tone}`}>
      <header class="card-head">
        <h2 class="name">{run.run}</h2>
        <Badge tone={tone}>{run.state}</Badge>
      </header>
      <p class="why">
        <span class="name">{run.source}</span> → <a href={placeHash(['stream', run.stream])}>{run.stream}</a>
        {run.mode === 'copy' && ' (copied)'} <span class="dim">by {run.startedBy}</span>
      </p>
      <Progress
        handled={handled}
        remaining={run.remaining}
        over={run.state === 'done'}
        name={`Progress of ${run.run}`}
      />
      <Reasons run={run} nowMs={nowMs} />
      <Facts of={facts} />
      {!OVER.has(run.state) && <Actions run={run} />}
    </article>
  );
}

interface ProgressProps {
  handled: number;
  remaining: number | null;
  over: boolean;
  name: string;
}

function Progress({ handled, remaining, over, name }: ProgressProps) {
  const left = over ? 0 : remaining;
  if (left === null) return <p class="dim">{grouped(handled)} so far; how many remain is not known.</p>;
  const share = handled + left === 0 ? 1 : handled / (handled + left);
  return <Meter share={share} name={name} text={percentText(share)} tone={over ? 'good' : 'info'} />;
}

/** Why it does not go on, or not faster: who, since when, why. */
function Reasons({ run, nowMs }: { run: Run; nowMs: number }) {
  const { paused, brakes, waits, overrides, state, processes } = run;
  const lines: [key: string, text: ComponentChildren][] = [];
  if (paused)
    lines.push([
      'paused',
      `Paused by ${paused.by} since ${timeText(paused.since, nowMs)}: ${paused.reason ?? 'no reason given'}`,
    ]);
  for (const { brake, reason, since } of brakes)
    lines.push([`brake ${brake}`, `Held by brake ${brake} since ${timeText(since, nowMs)}: ${reason}`]);
  for (const wait of waits) lines.push([`wait ${wait}`, `Waits: ${wait}`]);
  if (state === 'stopped' && processes === 0)
    lines.push([
      'stopped',
      `No process is at work on it. ${run.lastSeenAt ? `The last was seen ${seenText(run.lastSeenAt, nowMs)}.` : ''} Start the drain again: it goes on where it ended.`,
    ]);
  for (const { setting, value, by, reason } of overrides)
    lines.push([`set ${setting}`, `${setting} set to ${value} by ${by}${reason ? `: ${reason}` : ''}`]);
  if (lines.length === 0) return null;
  return (
    <ul class="reasons">
      {lines.map(([key, text]) => (
        <li key={key}>{text}</li>
      ))}
    </ul>
  );
}

function seenText(at: string, nowMs: number): string {
  return `${formatDuration(Math.max(0, nowMs - Date.parse(at)))} ago`;
}

function Actions({ run: { run, paused, processes } }: { run: Run }) {
  return (
    <div class="buttons">
      {paused ? (
        <Action
          label="Resume"
          title={`Resume drain ${run}`}
          means={`Ends the pause of ${paused.by}. ${counted(processes, 'process', 'processes')} at work on it will go on.`}
          path={`runs/${encoded(run)}/resume`}
        />
      ) : (
        <Action
          label="Pause"
          title={`Pause drain ${run}`}
          means={`Holds all its processes (${grouped(processes)} at work) after the batch in hand, until it is resumed.`}
          path={`runs/${encoded(run)}/pause`}
        />
      )}
    </div>
  );
}
