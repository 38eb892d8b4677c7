import type { ComponentChildren } from 'preact';
import { formatDuration, grouped, type KnownLag, lagText, rateText, timeText } from '../lib/format.ts';

/** What is not known: a dash that says why to those who point at it, and to screen readers. */
export function Unknown({ why = 'not known' }: { why?: string }) {
  return (
    <span class="unknown" title={why}>
      <span aria-hidden="true">—</span>
      <span class="hidden">{why}</span>
    </span>
  );
}

interface NumberProps {
  value: number | null;
  /** Why there is none. */
  why?: string;
}

/** A count. */
export function Count({ value, why }: NumberProps) {
  if (value === null) return <Unknown why={why} />;
  return <>{grouped(value)}</>;
}

/** A number by the second; the unit stands in the heading. */
export function Rate({ value, why }: NumberProps) {
  if (value === null) return <Unknown why={why} />;
  return <>{rateText(value)}</>;
}

/** A span of time. */
export function Span({ value, why }: NumberProps) {
  if (value === null) return <Unknown why={why} />;
  return <>{formatDuration(value)}</>;
}

/** A lag, also one that is known only between two bounds. */
export function Lag({ of, why }: { of: KnownLag; why?: string }) {
  const text = lagText(of);
  if (text === null) return <Unknown why={why} />;
  if (of.lag !== null) return <>{text}</>;
  return (
    <span title="not known exactly: entries were deleted or trimmed, and only the bounds are certain">
      {text}
    </span>
  );
}

/** A moment. */
export function Time({ at, why }: { at: string | null; why?: string }) {
  if (at === null) return <Unknown why={why} />;
  return (
    <time dateTime={at} title={at}>
      {timeText(at)}
    </time>
  );
}

/** How good or bad something is. */
export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain';

/** A state in one word. The word says it, the colour only helps. */
export function Badge({
  tone,
  children,
  title,
}: {
  tone: Tone;
  children: ComponentChildren;
  title?: string;
}) {
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

/** Names and values. */
export function Facts({ of }: { of: [name: string, value: ComponentChildren][] }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A share from 0 to 1 as a bar with its number beside it. */
export function Meter({
  share,
  name,
  text,
  tone = 'info',
}: {
  share: number;
  name: string;
  text: string;
  tone?: Tone;
}) {
  const percent = Math.min(100, Math.max(0, share * 100));
  return (
    <span class="meter">
      {/* biome-ignore lint/a11y/useSemanticElements: each browser draws a meter in its own way */}
      <span
        class={`track ${tone}`}
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(percent)}
        aria-valuetext={text}
      >
        <span class="fill" style={{ width: `${percent}%` }} />
      </span>
      <span class="meter-text">{text}</span>
    </span>
  );
}
