import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Published } from './published.ts';

/** Who a process is, so that others can tell whether it still lives. */
export interface MemberInfo {
  host: string;
  /** Host, boot and process namespace: only where this is the same does a pid say anything. */
  place: string;
  pid: number;
  /** When the process started, as the kernel counts: a pid alone may be somebody else by now. */
  started: string;
  since: string;
  /** SQS: messages in flight because of this process. */
  holding?: number;
  /** How it fares, as of its last beat. */
  live?: Published;
}

/** Describes this process. */
export function thisProcess(now: Date): { member: string; info: MemberInfo } {
  const info = {
    host: hostname(),
    place: placeOf(),
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    since: now.toISOString(),
  };
  return { member: `${process.pid.toString(36)}-${randomBytes(4).toString('hex')}`, info };
}

/** True only where this very host can see that the process is gone. */
export function isGone(info: MemberInfo): boolean {
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
