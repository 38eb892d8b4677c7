import type { BreakerRow, Snapshot } from '../../src/overview/index.ts';
import { counted, formatDuration, grouped, percentText, timeText } from '../lib/format.ts';
import { encoded } from '../lib/place.ts';
import { breakerBadge } from '../lib/states.ts';
import { Action } from '../parts/action.tsx';
import { Empty, Part, View } from '../parts/frame.tsx';
import { Badge, Facts, Time } from '../parts/value.tsx';

const WORST: Record<BreakerRow['verdict'], number> = { reject: 0, probe: 1, pass: 2 };

/** All circuit breakers, those that reject calls first. */
export function BreakersView({ snapshot }: { snapshot: Snapshot }) {
  const rows = [...snapshot.breakers].sort(
    (a, b) => WORST[a.verdict] - WORST[b.verdict] || (a.breaker < b.breaker ? -1 : 1),
  );
  return (
    <View title="Breakers" aside={<span class="dim">{counted(rows.length, 'breaker')}</span>}>
      <Part of={snapshot} part="breakers" rows={rows.length}>
        {rows.length === 0 && (
          <Empty title="No circuit breakers">
            One appears here with its first call through the library, or with{' '}
            <code>qctl breaker trip NAME</code>.
          </Empty>
        )}
        <ul class="cards">
          {rows.map((row) => (
            <li key={row.breaker}>
              <Breaker row={row} nowMs={Date.parse(snapshot.at)} />
            </li>
          ))}
        </ul>
      </Part>
    </View>
  );
}

function Breaker({ row, nowMs }: { row: BreakerRow; nowMs: number }) {
  const { text, tone } = breakerBadge(row);
  return (
    <article class={`card tone-${tone}`}>
      <header class="card-head">
        <h2 class="name">{row.breaker}</h2>
        <Badge tone={tone}>{text}</Badge>
      </header>
      <p class="why">{row.why ?? (row.override ? `By itself it would be ${row.state}.` : 'Calls pass.')}</p>
      {row.override && <Held override={row.override} nowMs={nowMs} />}
      <Facts
        of={[
          ['Next call', { pass: 'passes', reject: 'is rejected', probe: 'is a probe' }[row.verdict]],
          ['Since', <Time at={row.since} why="it has never moved" />],
          ['Calls', grouped(row.calls)],
          ['Failed', <Share part={row.failed} whole={row.calls} />],
          ['Slow', <Share part={row.slow} whole={row.calls} />],
          ['Rejected', grouped(row.rejected)],
          ...(row.by
            ? [['Moved by', `${row.by}${row.reason ? `: ${row.reason}` : ''}`] as [string, string]]
            : []),
          ...(row.halfOpenAt
            ? [
                ['Probe at', <Probe at={row.halfOpenAt} nowMs={nowMs} />] as [
                  string,
                  preact.ComponentChildren,
                ],
              ]
            : []),
          ...(row.lastError ? [['Last error', row.lastError] as [string, string]] : []),
          ['Last heard of', <Time at={row.lastSeenAt} why="no process has used it yet" />],
        ]}
      />
      <Actions row={row} />
    </article>
  );
}

function Share({ part, whole }: { part: number; whole: number }) {
  return (
    <>
      {grouped(part)} {whole > 0 && part > 0 && <span class="dim">{percentText(part / whole)}</span>}
    </>
  );
}

function Probe({ at, nowMs }: { at: string; nowMs: number }) {
  const ms = Date.parse(at) - nowMs;
  return (
    <>
      <Time at={at} />{' '}
      <span class="dim">{ms > 0 ? `in ${formatDuration(Math.ceil(ms / 1000) * 1000)}` : 'due'}</span>
    </>
  );
}

interface HeldProps {
  override: NonNullable<BreakerRow['override']>;
  nowMs: number;
}

/** Who holds it, since when, why, and until when. */
function Held({ override, nowMs }: HeldProps) {
  const { mode, by, host, reason, since, until, forgotten } = override;
  return (
    <p class={forgotten ? 'held bad' : 'held'}>
      Held <strong>{mode}</strong> by <strong>{`${by}@${host}`}</strong> since {timeText(since, nowMs)}
      {until ? ` until ${timeText(until, nowMs)}` : ', until it is released'}: {reason || 'no reason given'}.
      {forgotten && ' It has stood for a day or longer: is it still meant?'}
    </p>
  );
}

function Actions({ row: { breaker, override } }: { row: BreakerRow }) {
  const path = (verb: string): string => `breakers/${encoded(breaker)}/${verb}`;
  return (
    <div class="buttons">
      <Action
        label="Trip"
        title={`Trip breaker ${breaker}`}
        means="All processes that share it reject their calls from now on, until its open time is over and a probe succeeds."
        path={path('trip')}
        danger
        forHow="its own open time, or 5m"
      />
      <Action
        label="Reset"
        title={`Reset breaker ${breaker}`}
        means="It is closed and forgets what it has counted: calls pass at once, in all processes."
        path={path('reset')}
      />
      {override && (
        <Action
          label="Release"
          title={`Release breaker ${breaker}`}
          means={`Takes away what ${override.by} has put over it: it decides by itself again.`}
          path={path('release')}
        />
      )}
    </div>
  );
}
