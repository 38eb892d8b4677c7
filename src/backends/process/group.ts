import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 50;
/** SIGKILL takes effect at once, but for a process that the kernel holds (a dead NFS server): that one is left. */
const KILLED_MS = 2000;

/** SIGTERM to all of a process group, and SIGKILL to whoever is left after `graceMs`. */
export async function endGroup(group: number, graceMs: number): Promise<void> {
  tell(group, 'SIGTERM');
  // One that is stopped would not see the signal before it goes on.
  tell(group, 'SIGCONT');
  if (await groupEnded(group, graceMs)) return;
  tell(group, 'SIGKILL');
  await groupEnded(group, KILLED_MS);
}

/** Waits until nobody of a process group is left; false where somebody is after `withinMs`. */
export async function groupEnded(group: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (let waitMs = FIRST_LOOK_MS; groupLives(group); waitMs = Math.min(waitMs * 2, LONGEST_LOOK_MS)) {
    if (performance.now() >= deadline) return false;
    await sleep(waitMs);
  }
  return true;
}

function tell(group: number, signal: NodeJS.Signals | 0): NodeJS.ErrnoException | null {
  try {
    process.kill(-group, signal);
    return null;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/** Whether a group has members that are no zombies: in a container nobody may be there to reap those. */
function groupLives(group: number): boolean {
  const refused = tell(group, 0)?.code;
  if (refused === 'ESRCH') return false;
  const members = membersOf(group);
  return members === undefined || members > 0;
}

/** Undefined where the system has no /proc. */
function membersOf(group: number): number | undefined {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    if (pids.length === 0) return undefined;
    return pids.filter((pid) => isMember(pid, group)).length;
  } catch {
    return undefined;
  }
}

function isMember(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything, brackets and spaces too.
    const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(itsGroup) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
