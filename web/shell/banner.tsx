import { formatDuration, timeText } from '../lib/format.ts';
import { connectNow } from '../live/connection.ts';
import { ageOf, type Live } from '../live/state.ts';

/** Says that what is shown is old, how old, why, and what happens next. */
export function Banner({ live, now }: { live: Live; now: number }) {
  const age = ageOf(live, now);
  const text = whatIsWrong(live, now, age?.old ?? false);
  if (text === null) return null;
  return (
    <div class="banner" id="banner">
      <p>
        <strong>{text}</strong>{' '}
        {age ? `The numbers below are ${formatDuration(wholeSeconds(age.ageMs))} old.` : ''}
      </p>
      {live.link === 'lost' && (
        <button type="button" onClick={connectNow}>
          Connect now
        </button>
      )}
    </div>
  );
}

function whatIsWrong(live: Live, now: number, old: boolean): string | null {
  if (live.link === 'lost') {
    if (live.retryAtMs === null) return 'No connection to qctl serve. Connecting…';
    const seconds = Math.max(1, Math.ceil((live.retryAtMs - now) / 1000));
    return `No connection to qctl serve. Next attempt in ${seconds}s.`;
  }
  if (live.away) return `Redis is away since ${timeText(live.away.since)}: ${live.away.why}.`;
  return old ? 'No look has arrived for a while.' : null;
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000)) * 1000;
}
