import { formatDuration } from '../lib/format.ts';
import { useStore } from '../lib/store.ts';
import { type Theme, theme } from '../lib/theme.ts';
import { ageOf, type Live } from '../live/state.ts';

/** Which Redis it is, whether what is shown is live, and how the page looks. */
export function Top({ live, now }: { live: Live; now: number }) {
  const { snapshot, version } = live;
  return (
    <header class="top">
      <p class="brand" title={version ? `qctl ${version}` : undefined}>
        qctl
      </p>
      <p class="where">{snapshot ? snapshot.redis.label : ''}</p>
      <Pulse live={live} now={now} />
      <ThemeSwitch />
    </header>
  );
}

function Pulse({ live, now }: { live: Live; now: number }) {
  const age = ageOf(live, now);
  if (!age) return <p class="pulse">{live.link === 'lost' ? 'no connection' : 'connecting'}</p>;
  const every = live.snapshot ? `a look each ${formatDuration(live.snapshot.intervalMs)}` : '';
  return (
    <p class={age.old ? 'pulse old' : 'pulse live'} title={every}>
      <span class="dot" aria-hidden="true" />
      <span>{age.old ? 'old' : 'live'}</span>
      {live.actions ? <span class="may-act">may act</span> : <span class="may-act">read-only</span>}
    </p>
  );
}

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const SIGNS: Record<Theme, string> = { system: '◐', light: '☀', dark: '☾' };

function ThemeSwitch() {
  const chosen = useStore(theme);
  return (
    <button
      type="button"
      class="quiet theme"
      aria-label={`Look: ${chosen}. Change to ${NEXT[chosen]}`}
      title={`look: ${chosen}`}
      onClick={() => theme.set(NEXT[chosen])}
    >
      <span aria-hidden="true">{SIGNS[chosen]}</span>
    </button>
  );
}
