import type { Finding } from '../../model/finding.ts';

/** A command that this user may not send, and what is not known for it. */
export interface Lacking {
  command: string;
  /** As ACL SETUSER takes it. */
  right: string;
  facts: string;
}

/** What could not be looked at: a fact that is missing is no all-clear. */
export function unknownFindings(lacking: readonly Lacking[], user: string | null): Finding[] {
  if (lacking.length === 0) return [];
  const what = lacking.map(({ command, facts }) => `${command} is refused (${facts})`).join('; ');
  const rights = [...new Set(lacking.flatMap(({ right }) => right.split(' ')))].join(' ');
  return [
    {
      level: 'note',
      code: 'FACTS_UNKNOWN',
      text: `not all could be looked at: ${what}`,
      remedy: `ACL SETUSER ${user ?? 'USER'} ${rights}; where a provider forbids them, see its console`,
    },
  ];
}
