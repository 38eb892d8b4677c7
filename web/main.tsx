import { render } from 'preact';
import { App } from './app.tsx';
import { startPlace } from './lib/place-store.ts';
import { startTheme } from './lib/theme.ts';
import { startLive } from './live/connection.ts';
import { startFollowing } from './live/follow.ts';

startTheme();
startPlace();
startFollowing();
startLive();
render(<App />, document.getElementById('app')!);
