import { createStore } from './store.ts';

/** `system`: as the system says. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'qctl-theme';

/** The look that was chosen, kept in this browser. */
export const theme = createStore<Theme>(kept());

/** What is in force just now, `system` resolved; a chart is painted anew when it changes. */
export const inForce = createStore<'light' | 'dark'>('light');

const dark = matchMedia('(prefers-color-scheme: dark)');

/** Keeps the page in the look that was chosen. */
export function applyTheme(): void {
  const chosen = theme.get();
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  inForce.set(chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen);
}

/** To be called once. */
export function startTheme(): void {
  applyTheme();
  dark.addEventListener('change', applyTheme);
  theme.subscribe(() => {
    applyTheme();
    try {
      localStorage.setItem(KEY, theme.get());
    } catch {
      // Without storage it holds as long as the page is open.
    }
  });
}

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}
