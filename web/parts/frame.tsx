import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Snapshot, SnapshotPart } from '../../src/overview/index.ts';

/** A view with its heading, which has the focus when somebody comes here: so a screen reader says where it is. */
export function View({ title, above, aside, children }: ViewProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · qctl`;
    if (View.moved) heading.current?.focus();
    View.moved = true;
  }, [title]);
  return (
    <div class="view">
      <header class="view-head">
        <div>
          {above && <p class="above">{above}</p>}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        </div>
        {aside && <div class="aside">{aside}</div>}
      </header>
      {children}
    </div>
  );
}
/** The first view of all leaves the focus where the browser has it. */
View.moved = false;

interface ViewProps {
  title: string;
  /** The way back. */
  above?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
}

/** A part of a view with a heading. */
export function Section({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="card">
      <header class="card-head">
        <h2>{title}</h2>
        {aside && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** Nothing is there: what that means, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

/** Something that an operator should know of what is shown. */
export function Notice({
  tone = 'warn',
  children,
}: {
  tone?: 'warn' | 'bad' | 'info';
  children: ComponentChildren;
}) {
  return <p class={`notice ${tone}`}>{children}</p>;
}

/** Why a part of the look is not there; undefined where it is. */
export function whyMissing(snapshot: Snapshot, part: SnapshotPart): string | undefined {
  return snapshot.missing.find((one) => one.part === part)?.why;
}

/** Says so where a part could not be looked at, or not wholly; shows what there is of it. */
export function Part({ of, part, rows, children }: PartProps) {
  const why = whyMissing(of, part);
  return (
    <>
      {why !== undefined && <Notice>This could not be looked at, or not wholly: {why}</Notice>}
      {(why === undefined || rows > 0) && children}
    </>
  );
}

interface PartProps {
  of: Snapshot;
  part: SnapshotPart;
  /** How many there are: none is no news where nobody could look. */
  rows: number;
  children: ComponentChildren;
}
