import { type Place, placeHash, readPlace } from './place.ts';
import { createStore } from './store.ts';

/** Where the page is. */
export const place = createStore<Place>(readPlace(location.hash));

/** To be called once. */
export function startPlace(): void {
  addEventListener('hashchange', () => place.set(readPlace(location.hash)));
}

/** Goes somewhere, as a link would. */
export function go(path: readonly string[], query: Record<string, string | undefined> = {}): void {
  location.hash = placeHash(path, query);
}

/** The same view, seen otherwise: no new step in the history of the browser, else Back would undo each letter. */
export function look(query: Record<string, string | undefined>): void {
  const { path, query: prior } = place.get();
  const hash = placeHash(path, { ...prior, ...query });
  history.replaceState(null, '', hash);
  place.set(readPlace(hash));
}
