import type { Snapshot } from '../../src/overview/index.ts';
import { formatBytes, timeText } from '../lib/format.ts';
import { useStore } from '../lib/store.ts';
import { journal } from '../live/follow.ts';
import { useRedisHistory } from '../live/history.ts';
import { Chart } from '../parts/chart.tsx';
import { Notice, Section, View, whyMissing } from '../parts/frame.tsx';
import { attentionOf } from './attention.ts';
import { ServerTiles } from './server-tiles.tsx';

const MEMORY = [{ key: 'usedMemoryBytes', name: 'memory' }];
const OPERATIONS = [{ key: 'operationsPerSecond', name: 'operations /s' }];

/** What wants attention, how the server fares, and what has changed. */
export function OverviewView({ snapshot }: { snapshot: Snapshot }) {
  const history = useRedisHistory();
  const why = whyMissing(snapshot, 'redis');
  return (
    <View title="Overview">
      {why && <Notice>The server itself could not be looked at, or not wholly: {why}</Notice>}
      <ServerTiles redis={snapshot.redis} />
      <div class="halves">
        <Attention snapshot={snapshot} />
        <Journal />
      </div>
      <div class="charts">
        <Chart title="Redis memory" series={history} lines={MEMORY} write={formatBytes} />
        <Chart title="Operations" series={history} lines={OPERATIONS} />
      </div>
    </View>
  );
}

function Attention({ snapshot }: { snapshot: Snapshot }) {
  const items = attentionOf(snapshot);
  return (
    <Section title="Attention">
      {items.length === 0 ? (
        <p class="calm">Nothing needs you: breakers pass, nothing is held, no dead letters.</p>
      ) : (
        <ul class="attention">
          {items.map(({ key, tone, text, more, href }) => (
            <li key={key} class={tone}>
              <a href={href}>{text}</a>
              {more && <span class="dim">{more}</span>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Journal() {
  const entries = useStore(journal);
  return (
    <Section title="Changes" aside={<span class="dim">since this page was opened</span>}>
      {entries.length === 0 ? (
        <p class="dim">
          None yet. Breakers, drains, cutovers and routes that change their state are listed here.
        </p>
      ) : (
        <ol class="journal">
          {entries.map(({ at, text, level }) => (
            <li key={at + text} class={level}>
              <time dateTime={at}>{timeText(at)}</time>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
