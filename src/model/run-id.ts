import { createHash } from 'node:crypto';

/** `alerts-20261121-081530-4f2a`: what, when, and a few letters that make it unique. */
export function newRunId(name: string, now: Date, random: string): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const what = name.replace(/[^A-Za-z0-9_.-]+/g, '-').slice(0, 24) || 'drain';
  return `${what}-${stamp}-${createHash('sha256').update(random).digest('hex').slice(0, 4)}`;
}
