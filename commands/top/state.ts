import type { Place, ViewName } from './place.ts';
import { VIEW_NAMES } from './place.ts';
import type { Choice } from './rows.ts';

/** Where somebody is in a table or a text. */
export interface Page extends Choice {
  /** Key of the row that is selected; null: the first. */
  selected: string | null;
  /** Where it stood last, for when it is gone. */
  at: number;
  /** The first row, or line, that is shown. */
  top: number;
}

/** All that keys can change. */
export interface TopState {
  view: ViewName;
  views: Readonly<Record<ViewName, Page>>;
  /** What was opened, one out of the other. */
  opened: readonly { place: Place; page: Page }[];
  paused: boolean;
  /** The first line of the help that is shown; null: none is. */
  help: number | null;
  /** The filter that is being typed, and what it was before; null where none is. */
  typing: { text: string; before: string } | null;
}

/** What was drawn last: keys go by what somebody has seen. */
export interface Extent {
  /** The rows that are chosen; none for a text. */
  rows: readonly { key: string; open: Place | null }[];
  /** Of the row that is selected. */
  at: number;
  top: number;
  /** Lines that there is room for. */
  room: number;
  /** Lines of a text; null where rows are shown. */
  lines: number | null;
  /** What the table can be sorted by. */
  sorts: readonly string[];
}

const FRESH: Page = { selected: null, at: 0, top: 0, sort: null, reverse: false, filter: '' };

/** Where it begins. */
export function initialState(view: ViewName, sort: string | null): TopState {
  const views = Object.fromEntries(VIEW_NAMES.map((name) => [name, FRESH])) as Record<ViewName, Page>;
  const state: TopState = { view, views, opened: [], paused: false, help: null, typing: null };
  return withPage(state, { sort });
}

/** The page that is in front. */
export function pageOf({ opened, views, view }: TopState): Page {
  return opened.at(-1)?.page ?? views[view];
}

/** What is opened; undefined where the view itself is in front. */
export function placeOf({ opened }: TopState): Place | undefined {
  return opened.at(-1)?.place;
}

/** The same with another page in front. */
export function withPage(state: TopState, change: Partial<Page>): TopState {
  const { opened, views, view } = state;
  const page = { ...pageOf(state), ...change };
  const last = opened.at(-1);
  if (last) return { ...state, opened: [...opened.slice(0, -1), { ...last, page }] };
  return { ...state, views: { ...views, [view]: page } };
}

/** Opens something out of the page in front. */
export function openPlace(state: TopState, place: Place): TopState {
  return { ...state, opened: [...state.opened, { place, page: FRESH }] };
}

/** Another view, from its beginning: what was opened is closed. */
export function toView(state: TopState, view: ViewName): TopState {
  return { ...state, view, opened: [] };
}
