import type { Snapshot } from '../../src/overview/index.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { printable } from '../term/text.ts';
import { VIEWS } from './content.ts';
import { VIEW_NAMES, type ViewName } from './place.ts';
import { formatWhole } from './render-table.ts';
import type { Scene } from './scene.ts';
import type { Content } from './table.ts';

/** One look as a result that is printed once: the view that is named, else each that has anything to show. */
export function formatSnapshot(
  output: Output,
  snapshot: Snapshot,
  now: Date,
  { view, sort }: { view?: ViewName; sort: string | null },
): string {
  const scene: Scene = {
    ...{ snapshot, output, now, detail: () => undefined },
    ...{ streamHistory: () => undefined, redisHistory: () => ({ at: [], values: {} }) },
  };
  const notes = [
    ...snapshot.missing.map(({ part, why }) => `unknown: ${part}: ${printable(why)}\n`),
    ...(snapshot.streamsLeftOut > 0 ? [`${grouped(snapshot.streamsLeftOut)} streams left out\n`] : []),
  ];
  if (view) return textOf(output, VIEWS[view](scene), sort) + notes.join('');
  const parts = VIEW_NAMES.map((name) => [name, VIEWS[name](scene)] as const)
    .filter(([, content]) => content.kind === 'text' || content.rows.length > 0)
    .map(([name, content]) => `${name}\n${textOf(output, content, null)}`);
  return `${[...parts, ...(notes.length > 0 ? [notes.join('')] : [])].join('\n')}`;
}

function textOf(output: Output, content: Content, sort: string | null): string {
  if (content.kind === 'text') return `${content.lines.join('\n')}\n`;
  if (content.rows.length === 0) return `${printable(content.empty)}\n`;
  return formatWhole(output, content, { sort, reverse: false, filter: '' });
}
