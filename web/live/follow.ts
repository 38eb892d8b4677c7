import { createStore } from '../lib/store.ts';
import { live } from './connection.ts';
import { type Said, saidBetween } from './said.ts';

/** What has changed since the page was opened, the newest first. */
export const journal = createStore<Said[]>([]);

const MOST = 50;

/** Keeps {@link journal}. To be called once. */
export function startFollowing(): void {
  let before = live.get().snapshot;
  live.subscribe(() => {
    const { snapshot } = live.get();
    if (snapshot === before) return;
    const news = before && snapshot ? saidBetween(before, snapshot) : [];
    before = snapshot;
    if (news.length > 0) journal.set([...news.reverse(), ...journal.get()].slice(0, MOST));
  });
}
