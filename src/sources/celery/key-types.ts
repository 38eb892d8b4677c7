import { QctlError } from '../../errors.ts';
import { printable } from '../../model/printable.ts';
import type { Broker } from './broker.ts';
import type { CeleryKeys } from './keys.ts';

/** What Celery itself keeps under its names. */
export function celeryTypes(keys: CeleryKeys): [key: string, type: string][] {
  return [
    ...keys.lists.map((key): [string, string] => [key, 'list']),
    [keys.unacked, 'hash'],
    [keys.unackedIndex, 'zset'],
  ];
}

/** A list of another name's kind would show only when the first message is taken. */
export async function checkTypes(broker: Broker, expected: [key: string, type: string][]): Promise<void> {
  const types = await broker.ask('look at the queue', (client) =>
    Promise.all(expected.map(([key]) => client.type(key))),
  );
  for (const [at, [key, type]] of expected.entries()) {
    const found = types[at]!;
    if (found === 'none' || found === type) continue;
    throw new QctlError(
      'source',
      `${broker.label}: key ${printable(key)} holds a ${found}, and Celery keeps a ${type} there`,
      {
        code: 'BROKER_KEY_TYPE',
        hint: ['check --queue, the database number behind the URL, and --key-prefix'],
        details: { key, type: found },
      },
    );
  }
}
