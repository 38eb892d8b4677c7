import { randomBytes } from 'node:crypto';
import { type ProcessPlace, placeOfThisProcess } from '../backends/process/place.ts';
import type { Published } from './published.ts';

export { isGone } from '../backends/process/place.ts';

/** Who a process is, so that others can tell whether it still lives. */
export interface MemberInfo extends ProcessPlace {
  since: string;
  /** SQS: messages in flight because of this process. */
  holding?: number;
  /** How it fares, as of its last beat. */
  live?: Published;
}

/** Describes this process. */
export function thisProcess(now: Date): { member: string; info: MemberInfo } {
  const info = { ...placeOfThisProcess(), since: now.toISOString() };
  return { member: `${process.pid.toString(36)}-${randomBytes(4).toString('hex')}`, info };
}
