const MANY = {
  message: 'messages',
  client: 'clients',
  entry: 'entries',
  'pending entry': 'pending entries',
  'dead letter': 'dead letters',
  consumer: 'consumers',
  producer: 'producers',
  stream: 'streams',
  group: 'groups',
  row: 'rows',
  profile: 'profiles',
  breaker: 'breakers',
  rule: 'rules',
};

/** The word that fits a number: `entry` for 1, `entries` for all others. */
export function plural(count: number, thing: keyof typeof MANY): string {
  return count === 1 ? thing : MANY[thing];
}
