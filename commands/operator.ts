import { hostname, userInfo } from 'node:os';

/** Who types, and where. */
export function operatorHere(): { by: string; host: string } {
  return { by: userName(), host: hostname() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // No entry for this user id, as in some containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}
