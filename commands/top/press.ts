import type { Key } from './keys.ts';
import { VIEW_NAMES } from './place.ts';
import { type Extent, openPlace, pageOf, type TopState, toView, withPage } from './state.ts';

/** What a key makes of the state; `quit` ends it. */
export function press(state: TopState, key: Key, extent: Extent): TopState | 'quit' {
  if (state.typing) return type(state, key);
  if (state.help) return key === 'q' ? 'quit' : { ...state, help: false };
  if (key === 'q') return 'quit';
  const action = ACTIONS[key] ?? ACTIONS[SAME[key] ?? ''];
  if (action) return action(state, extent);
  const view = VIEW_NAMES[Number(key) - 1];
  return view ? toView(state, view) : state;
}

/** For those who know `less` and `vi`. */
const SAME: Record<Key, Key> = {
  j: 'down',
  k: 'up',
  ' ': 'pagedown',
  'ctrl-f': 'pagedown',
  'ctrl-b': 'pageup',
  g: 'home',
  G: 'end',
  right: 'tab',
  left: 'backtab',
  backspace: 'escape',
};

type Action = (state: TopState, extent: Extent) => TopState;

const ACTIONS: Record<Key, Action> = {
  up: move(() => -1),
  down: move(() => 1),
  pageup: move(({ room }) => -Math.max(1, room - 1)),
  pagedown: move(({ room }) => Math.max(1, room - 1)),
  home: move(() => Number.NEGATIVE_INFINITY),
  end: move(() => Number.POSITIVE_INFINITY),
  tab: (state) => nextView(state, 1),
  backtab: (state) => nextView(state, -1),
  enter(state, { rows, at }) {
    const place = rows[at]?.open;
    return place ? openPlace(withPage(state, { selected: rows[at]!.key, at }), place) : state;
  },
  escape: back,
  '/': (state) => {
    const { filter } = pageOf(state);
    return { ...state, typing: { text: filter, before: filter } };
  },
  s: nextSort,
  S: (state) => withPage(state, { reverse: !pageOf(state).reverse, top: 0 }),
  p: (state) => ({ ...state, paused: !state.paused }),
  '?': (state) => ({ ...state, help: true }),
};

function move(by: (extent: Extent) => number): Action {
  return (state, extent) => {
    const { rows, at, top, room, lines } = extent;
    if (lines !== null) return withPage(state, { top: within(top + by(extent), lines - room) });
    const next = within(at + by(extent), rows.length - 1);
    return withPage(state, { selected: rows[next]?.key ?? null, at: next, top });
  };
}

function within(n: number, most: number): number {
  return Math.max(0, Math.min(n, most));
}

function nextView(state: TopState, by: 1 | -1): TopState {
  const at = VIEW_NAMES.indexOf(state.view) + by + VIEW_NAMES.length;
  return toView(state, VIEW_NAMES[at % VIEW_NAMES.length]!);
}

/** Out of what was opened; else away with the filter. */
function back(state: TopState): TopState {
  if (pageOf(state).filter !== '') return withPage(state, { filter: '' });
  return { ...state, opened: state.opened.slice(0, -1) };
}

/** After the last column comes the order of the view itself. */
function nextSort(state: TopState, { sorts }: Extent): TopState {
  const { sort } = pageOf(state);
  const next = sorts[sort === null ? 0 : sorts.indexOf(sort) + 1] ?? null;
  return withPage(state, { sort: next, reverse: false, top: 0 });
}

/** A filter counts with each character that is typed. */
function type(state: TopState, key: Key): TopState {
  const { text, before } = state.typing!;
  if (key === 'enter') return { ...state, typing: null };
  if (key === 'escape') return { ...withPage(state, { filter: before }), typing: null };
  if (key === 'backspace' && text === '') return { ...state, typing: null };
  const next = typed(text, key);
  if (next === undefined) return state;
  return { ...withPage(state, { filter: next, top: 0 }), typing: { text: next, before } };
}

function typed(text: string, key: Key): string | undefined {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'ctrl-u') return '';
  return [...key].length === 1 ? text + key : undefined;
}
