import type { SqsConnection } from './connect.ts';
import { queueFacts } from './facts.ts';

/**
 * The clock of SQS, to the second: what it writes on its answers. This host's where it writes none.
 * Throws as `queueFacts` does.
 */
export async function sqsNow(connection: SqsConnection): Promise<Date> {
  let date: string | undefined;
  const name = 'qctlDate';
  connection.client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> } | undefined)?.headers?.date;
      return result;
    },
    { step: 'deserialize', priority: 'low', name },
  );
  try {
    await queueFacts(connection);
  } finally {
    connection.client.middlewareStack.remove(name);
  }
  const at = new Date(date ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? new Date() : at;
}
