// The manifest is generated from the registry, so this file needs no other: a shell waits for it.
import manifest from '../completions/manifest.json' with { type: 'json' };
import { readBashLine } from './complete/bash.ts';
import type { Candidate } from './complete/candidate.ts';
import { type Choice, candidatesFor } from './complete/candidates.ts';
import type { Manifest } from './manifest.ts';

/** Tells a shell to complete names of files: no candidate has an empty name. */
export const FILES = '\tfiles\n';

/**
 * Candidates for the last word of a line, one a line, a description behind a tab; {@link FILES} where a file
 * belongs. It never fails: what it printed would become a candidate. Names that only the configuration or Redis
 * knows are looked up within a quarter of a second, counted from the start of the process.
 *
 * @param argv `__complete` and the words that stand after `qctl`, the unfinished one last; or `__complete_bash`,
 *   COMP_WORDBREAKS, and the line up to the cursor: then the candidates are what bash is to insert
 */
export async function complete(
  [door, ...rest]: readonly string[],
  env: Record<string, string | undefined>,
): Promise<string> {
  if (door !== '__complete_bash') {
    const choice = chooseFor(rest);
    const lines = [...choice.found, ...(await namesOf(choice, env))].map(toLine);
    return lines.join('') + (choice.files ? FILES : '');
  }
  const { words, redirected, toInsert } = readBashLine(rest[1] ?? '', rest[0] ?? '');
  if (redirected) return FILES;
  const choice = chooseFor(words);
  const inserted = [...choice.found, ...(await namesOf(choice, env))].map(([name]) => `${toInsert(name)}\n`);
  return inserted.join('') + (choice.files ? FILES : '');
}

/** What the manifest alone knows of these words, and what else could stand there. */
export function chooseFor(words: readonly string[]): Choice {
  return candidatesFor(manifest as Manifest, words);
}

async function namesOf(
  { wanted }: Choice,
  env: Record<string, string | undefined>,
): Promise<readonly Candidate[]> {
  if (!wanted) return [];
  const { findNames } = await import('./complete/names.ts');
  return findNames(wanted, env);
}

function toLine([name, description]: Candidate): string {
  return description ? `${name}\t${description}\n` : `${name}\n`;
}
