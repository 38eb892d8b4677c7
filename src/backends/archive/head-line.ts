/** The first line of an archive, and of every part that a later process has added to it. */
export interface HeadLine {
  type: 'archive';
  version: 1;
  /** Names the archive for good, whatever its file is called. */
  archive: string;
  run: string;
  source: string;
  startedAt: string;
}

/** Reads it; undefined where the line is none. */
export function parseHeadLine(line: string): HeadLine | undefined {
  try {
    const value = JSON.parse(line) as HeadLine;
    const sound = value.type === 'archive' && value.version === 1 && typeof value.archive === 'string';
    return sound ? value : undefined;
  } catch {
    return undefined;
  }
}
