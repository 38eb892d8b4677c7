import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../lib/store.ts';
import { live } from '../live/connection.ts';
import { journal } from '../live/follow.ts';

/** Says to screen readers what has changed its state; numbers alone are never said. */
export function Announcer() {
  const [newest] = useStore(journal);
  const { link, away } = useStore(live);
  const [text, setText] = useState('');
  useEffect(() => {
    if (newest) setText(newest.text);
  }, [newest]);
  useEffect(() => {
    if (link === 'lost') setText('The connection to qctl serve is lost. What is shown is old.');
    if (link === 'live') setText(away ? 'Redis is away. What is shown is old.' : 'Live.');
  }, [link, away !== null]);
  return (
    <p class="hidden" role="status" aria-live="polite" id="said">
      {text}
    </p>
  );
}
