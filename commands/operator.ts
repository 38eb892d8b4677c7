import { hostname, userInfo } from 'node:os';

/** Who types, and where. */
export function operatorHere(): { by: string; host: string } {
  return { by: userName(), host: hostname() };
}

function userName(): string {
  try {
    const { username, uid } = userInfo();
    // Of all who become root it is the one who did that is asked for later.
    return uid === 0 && process.env.SUDO_USER ? process.env.SUDO_USER : username;
  } catch {
    // No entry for this user id, as in some containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}
