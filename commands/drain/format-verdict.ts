import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { printable, wrapLines } from '../term/text.ts';
import { ALONE, notesLeft, type Telling } from './telling.ts';

/** What a report ends with: its notes, and whether nothing is missing or left over. */
interface Verdict {
  converged: boolean;
  /** Why not, each as a sentence. */
  problems: readonly string[];
  notes: readonly string[];
}

/** A line each. Problems and notes name what others have named, so that nothing of them may steer the terminal. */
export function formatNotes(output: Output, { notes }: Verdict, telling: Telling = ALONE): string {
  return notesLeft(notes, telling)
    .map((note) => `${wrapLines(`note ${printable(note)}`, output.columns)}\n`)
    .join('');
}

/** What can be done now; not broken into lines, since it is copied from here into a shell. */
export function formatNext(output: Output, lines: readonly string[]): string {
  const arrow = colourOf(output).dim('->');
  return lines.map((line) => `${arrow} ${printable(line)}\n`).join('');
}

/** The last line of the proof, where the eye is. */
export function formatVerdict(output: Output, { converged, problems }: Verdict, why: string): string {
  const { red, green } = colourOf(output);
  const text = converged ? `converged: ${why}` : `not converged: ${problems.join('; ')}`;
  return `${(converged ? green : red)(wrapLines(printable(text), output.columns))}\n`;
}
