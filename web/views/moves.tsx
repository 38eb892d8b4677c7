import type { MoveRow, Snapshot } from '../../src/overview/index.ts';
import { counted, grouped, spanText } from '../lib/format.ts';
import { placeHash } from '../lib/place.ts';
import { Empty, Notice, Part, View } from '../parts/frame.tsx';
import { Facts, Unknown } from '../parts/value.tsx';

/** Depth of each old queue against that of the new stream. */
export function MovesView({ snapshot }: { snapshot: Snapshot }) {
  const { moves } = snapshot;
  const most = Math.max(1, ...moves.flatMap(({ oldDepth, newDepth }) => [oldDepth ?? 0, newDepth ?? 0]));
  return (
    <View title="Old and new" aside={<span class="dim">{counted(moves.length, 'source')}</span>}>
      <Part of={snapshot} part="moves" rows={moves.length}>
        {moves.length === 0 && (
          <Empty title="Nothing to compare">
            A source of qctl.yaml that names the <code>stream</code> it goes to is compared with that stream
            here.
          </Empty>
        )}
        <ul class="cards">
          {moves.map((move) => (
            <li key={move.source}>
              <Move move={move} most={most} nowMs={Date.parse(snapshot.at)} />
            </li>
          ))}
        </ul>
      </Part>
    </View>
  );
}

const KINDS = { sqs: 'SQS', postgres: 'PostgreSQL', celery: 'Celery' } as const;

function Move({ move, most, nowMs }: { move: MoveRow; most: number; nowMs: number }) {
  const { source, kind, stream, oldDepth, oldInFlight, oldApproximate, oldAt, newDepth, why } = move;
  const about = oldApproximate ? '~' : '';
  return (
    <article class="card">
      <header class="card-head">
        <h2 class="name">{source}</h2>
        <span class="dim">{KINDS[kind]}</span>
      </header>
      {why && <Notice>The old queue could not be counted: {why}</Notice>}
      <dl class="versus">
        <Bar
          name="Old queue"
          side="old"
          depth={oldDepth}
          most={most}
          about={about}
          why={why ?? 'not counted yet'}
        />
        <Bar
          name="New stream"
          side="new"
          depth={newDepth}
          most={most}
          about=""
          why="the lag of one of its groups is not known"
        />
      </dl>
      <Facts
        of={[
          ['Stream', <a href={placeHash(['stream', stream])}>{stream}</a>],
          [
            'In flight, old',
            oldInFlight === null ? (
              <Unknown why={why ?? 'this kind of queue does not tell'} />
            ) : (
              `${about}${grouped(oldInFlight)}`
            ),
          ],
          ['Old counted', oldAt === null ? <Unknown why="not yet" /> : `${spanText(oldAt, nowMs)} ago`],
          ['Still in the old', <Left oldDepth={oldDepth} newDepth={newDepth} />],
        ]}
      />
    </article>
  );
}

interface BarProps {
  name: string;
  side: 'old' | 'new';
  depth: number | null;
  most: number;
  /** `~` before a number that is about right. */
  about: string;
  why: string;
}

function Bar({ name, side, depth, most, about, why }: BarProps) {
  return (
    <div class={`bar ${side}`}>
      <dt>{name}</dt>
      <dd>
        <span class="bar-track" aria-hidden="true">
          <span class="bar-fill" style={{ width: `${((depth ?? 0) / most) * 100}%` }} />
        </span>
        <span class="bar-number">{depth === null ? <Unknown why={why} /> : `${about}${grouped(depth)}`}</span>
      </dd>
    </div>
  );
}

function Left({ oldDepth, newDepth }: { oldDepth: number | null; newDepth: number | null }) {
  if (oldDepth === null || newDepth === null) return <Unknown why="one of the two is not known" />;
  if (oldDepth + newDepth === 0) return <>both are empty</>;
  return <>{`${Math.round((oldDepth / (oldDepth + newDepth)) * 100)}% of what waits`}</>;
}
