import type { ComponentChildren } from 'preact';
import type { Snapshot } from '../src/overview/index.ts';
import { useNow } from './lib/now.ts';
import type { Place } from './lib/place.ts';
import { place } from './lib/place-store.ts';
import { useStore } from './lib/store.ts';
import { live } from './live/connection.ts';
import { ageOf } from './live/state.ts';
import { AskedAction } from './parts/action.tsx';
import { Announcer } from './shell/announcer.tsx';
import { Banner } from './shell/banner.tsx';
import { Navigation } from './shell/navigation.tsx';
import { Top } from './shell/top.tsx';
import { BreakersView } from './views/breakers.tsx';
import { CutoversView } from './views/cutovers.tsx';
import { DeadLettersView } from './views/dead-letters.tsx';
import { DrainsView } from './views/drains.tsx';
import { LettersView } from './views/letters.tsx';
import { LoginView } from './views/login.tsx';
import { MovesView } from './views/moves.tsx';
import { OverviewView } from './views/overview.tsx';
import { PendingView } from './views/pending.tsx';
import { ProcessingView } from './views/processing.tsx';
import { RoutesView } from './views/routes.tsx';
import { StreamView } from './views/stream.tsx';
import { StreamsView } from './views/streams.tsx';

/** The whole page. */
export function App() {
  const state = useStore(live);
  const here = useStore(place);
  const now = useNow(true);
  if (state.link === 'login') return <LoginView />;
  const old = ageOf(state, now)?.old ?? false;
  return (
    <div class="page">
      <button type="button" class="skip" onClick={toMain}>
        Skip to the content
      </button>
      <Top live={state} now={now} />
      <Navigation snapshot={state.snapshot} here={here.path[0]!} />
      <main id="main" tabIndex={-1} data-old={old || undefined}>
        <Banner live={state} now={now} />
        {state.snapshot ? viewAt(here, state.snapshot) : <Waiting link={state.link} />}
      </main>
      <AskedAction />
      <Announcer />
    </div>
  );
}

/** No link: what stands behind # of the address is the view. */
function toMain(): void {
  document.getElementById('main')?.focus();
}

function Waiting({ link }: { link: string }) {
  return <p class="waiting">{link === 'connecting' ? 'Connecting…' : 'Nothing has been seen yet.'}</p>;
}

function viewAt({ path, query }: Place, snapshot: Snapshot): ComponentChildren {
  const [view, first, second] = path;
  switch (view) {
    case 'streams':
      return <StreamsView snapshot={snapshot} query={query} />;
    case 'stream':
      if (first === undefined) break;
      if (second === undefined) return <StreamView key={first} snapshot={snapshot} stream={first} />;
      return <PendingView key={path.join('/')} snapshot={snapshot} stream={first} group={second} />;
    case 'dead-letters':
      if (first === undefined) return <DeadLettersView snapshot={snapshot} />;
      return <LettersView key={first} snapshot={snapshot} stream={first} id={second ?? null} />;
    case 'breakers':
      return <BreakersView snapshot={snapshot} />;
    case 'drains':
      return <DrainsView snapshot={snapshot} />;
    case 'cutovers':
      return <CutoversView snapshot={snapshot} />;
    case 'routes':
      return <RoutesView snapshot={snapshot} />;
    case 'moves':
      return <MovesView snapshot={snapshot} />;
    case 'processing':
      return <ProcessingView snapshot={snapshot} />;
  }
  return <OverviewView snapshot={snapshot} />;
}
