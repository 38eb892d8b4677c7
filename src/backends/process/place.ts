import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process it is, so that others on its host can tell whether it still lives. */
export interface ProcessPlace {
  host: string;
  /** Host, boot and process namespace: only where this is the same does a pid say anything. */
  place: string;
  pid: number;
  /** When the process started, as the kernel counts: a pid alone may be somebody else by now. */
  started: string;
}

/** Where this process is. */
export function placeOfThisProcess(): ProcessPlace {
  return { host: hostname(), place: placeOf(), pid: process.pid, started: startOf(process.pid) ?? '' };
}

/** True only where this very host can see that the process is gone. */
export function isGone(info: Omit<ProcessPlace, 'host'>): boolean {
  if (info.place !== placeOf()) return false;
  try {
    process.kill(info.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const started = startOf(info.pid);
  return started !== undefined && info.started !== '' && started !== info.started;
}

function placeOf(): string {
  return [hostname(), read('/proc/sys/kernel/random/boot_id'), link('/proc/self/ns/pid')].join('|');
}

/** A zombie is gone as well: it holds no connection any more. */
function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? `zombie ${pid}` : fields[19];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
