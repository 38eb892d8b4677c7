import type { StreamDetail } from '../../src/streams/index.ts';

/** What is odd, and what to do about it. */
export function Advice({ of }: { of: StreamDetail['advice'] }) {
  if (of.length === 0) return null;
  return (
    <ul class="advice">
      {of.map(({ level, code, text, remedy }) => (
        <li key={code + text} class={level === 'blocker' ? 'bad' : level === 'warning' ? 'warn' : 'info'}>
          <p>{text}</p>
          {remedy && <p class="dim">{remedy}</p>}
        </li>
      ))}
    </ul>
  );
}
