import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { findPromtool } from '../../scripts/ensure-promtool.mjs';

/** Why tests with promtool are skipped; an empty text where they are not. */
export const NO_PROMTOOL = findPromtool() ? '' : 'no promtool on PATH, see scripts/ensure-promtool.mjs';

/** Runs it; what it says on stdout and stderr is its output. */
export async function promtool(
  args: string[],
  { input = '', cwd }: { input?: string; cwd?: string } = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(findPromtool()!, args, { cwd });
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', reject),
  );
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: stdout + stderr };
}
