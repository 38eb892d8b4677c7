import type { Key } from './keys.ts';
import { VIEW_NAMES } from './place.ts';
import { type Extent, openPlace, pageOf, type TopState, toView, withPage } from './state.ts';

/** What a key makes of the state; `quit` ends it. */
export function press(state: TopState, key: Key, extent: Extent): TopState | 'quit' {
  if (state.typing) return type(state, key);
  if (key === 'q') return 'quit';
  if (state.help !== null) return { ...state, help: scrolled(key, extent) };
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

/** How far keys go: rows, or lines. */
const STEPS: Record<Key, (extent: Extent) => number> = {
  up: () => -1,
  down: () => 1,
  pageup: ({ room }) => -Math.max(1, room - 1),
  pagedown: ({ room }) => Math.max(1, room - 1),
  home: () => Number.NEGATIVE_INFINITY,
  end: () => Number.POSITIVE_INFINITY,
};

const ACTIONS: Record<Key, Action> = {
  ...Object.fromEntries(Object.entries(STEPS).map(([key, by]) => [key, move(by)])),
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
  S: (state) => withPage(state, { ...FIRST, reverse: !pageOf(state).reverse }),
  p: (state) => ({ ...state, paused: !state.paused }),
  '?': (state) => ({ ...state, help: 0 }),
};

function move(by: (extent: Extent) => number): Action {
  return (state, extent) => {
    const { rows, at, top, room, lines } = extent;
    if (lines !== null) return withPage(state, { top: within(top + by(extent), lines - room) });
    const next = within(at + by(extent), rows.length - 1);
    return withPage(state, { selected: rows[next]?.key ?? null, at: next, top });
  };
}

/** The first line of the help that is shown next; null: another key ends it. */
function scrolled(key: Key, extent: Extent): number | null {
  const by = STEPS[SAME[key] ?? key];
  return by ? within(extent.top + by(extent), (extent.lines ?? 0) - extent.room) : null;
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

/** What was asked for stands first: there one wants to be. */
const FIRST = { selected: null, at: 0, top: 0 };

/** After the last column comes the order of the view itself. */
function nextSort(state: TopState, { sorts }: Extent): TopState {
  const { sort } = pageOf(state);
  const next = sorts[sort === null ? 0 : sorts.indexOf(sort) + 1] ?? null;
  return withPage(state, { ...FIRST, sort: next, reverse: false });
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
