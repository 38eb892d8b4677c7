import { MAY_FORGET } from '../../src/drain/index.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Context } from '../context.ts';

/** What a report need not say again, and what may follow it. */
export interface Telling {
  /** No notes, and nothing of what to do next. */
  quiet: boolean;
  /** Findings of the plan that the same command has shown. */
  told: readonly Finding[];
  /** Lines to copy once the run is done. */
  next: readonly string[];
}

/** Of a report that stands alone, such as that of `verify`. */
export const ALONE: Telling = { quiet: false, told: [], next: [] };

/** Of a command that has shown its plan. */
export function tellingOf({ options }: Context, told: readonly Finding[], next: string[] = []): Telling {
  return { quiet: options.quiet, told, next };
}

/** The notes of a report that are still to be told. */
export function notesLeft(notes: readonly string[], { quiet, told }: Telling): string[] {
  if (quiet) return [];
  const texts = new Set(told.map(({ text }) => text));
  return notes.filter((note) => !texts.has(note));
}

/** What the target may forget belongs to the proof, which may be all that is kept: it is a field and not a note. */
export function durabilityRow({ told }: Telling): [string, string][] {
  const texts = told.filter(({ code }) => MAY_FORGET.has(code)).map(({ text }) => text);
  return texts.length === 0 ? [] : [['durability', texts.join('; ')]];
}
