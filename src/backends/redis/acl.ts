import type { RedisConnection } from './connect.ts';
import { isRetryable, toTargetError } from './errors.ts';

/** A command as it would be sent, with the keys it would touch. */
export interface PlannedCommand {
  command: string;
  args: string[];
}

/**
 * Which of the commands the server would refuse, each as
 * `XADD: user app has no permissions to access the 'orders' key`. Nothing is run:
 * the server is asked with ACL DRYRUN (7.0+).
 *
 * Null where it cannot be known: an older server, or a user who may not ask.
 * Throws `target` where the connection is down.
 */
export async function missingRights(
  connection: RedisConnection,
  commands: PlannedCommand[],
): Promise<string[] | null> {
  const { client, label } = connection;
  try {
    const user = String(await client.call('ACL', 'WHOAMI'));
    const answers = await Promise.all(commands.map((one) => dryRun(connection, user, one)));
    if (answers.includes(undefined)) return null;
    return answers.filter((answer) => typeof answer === 'string');
  } catch (error) {
    if (isRetryable(error, connection.kind)) throw toTargetError(error, label, 'check the rights');
    return null;
  }
}

/** Null for allowed, a complaint for refused, undefined for not known. */
async function dryRun(
  { client, kind }: RedisConnection,
  user: string,
  { command, args }: PlannedCommand,
): Promise<string | null | undefined> {
  const name = command.toUpperCase();
  try {
    const answer = String(await client.call('ACL', 'DRYRUN', user, command, ...args));
    return answer === 'OK' ? null : `${name}: ${answer.charAt(0).toLowerCase()}${answer.slice(1)}`;
  } catch (error) {
    if (isRetryable(error, kind)) throw error;
    const unknown = error instanceof Error && /Command '.*' not found/i.test(error.message);
    return unknown ? `${name}: the server does not know this command` : undefined;
  }
}
