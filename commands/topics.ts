import type { Context } from './context.ts';

/** The topics of `qctl help`. */
export const HELP_TOPICS = [
  'exit-codes',
  'environment',
  'configuration',
  'output',
  'safety',
  'guarantees',
  'sources',
  'runbook',
] as const;
/** One of {@link HELP_TOPICS}. */
export type Topic = (typeof HELP_TOPICS)[number];

/** True for the name of a topic. */
export function isTopic(word: string | undefined): word is Topic {
  return HELP_TOPICS.some((topic) => topic === word);
}

/** What a topic says: data for scripts, text for people. */
export interface TopicPage {
  type: string;
  data: object | readonly object[];
  text: (context: Context) => string;
  /** It keeps to the width itself: a table must not flow anew. */
  laidOut?: true;
}

/** The page of a topic; each is loaded by itself. */
export async function loadTopic(topic: Topic): Promise<TopicPage> {
  switch (topic) {
    case 'exit-codes':
      return (await import('./topics/exit-codes.ts')).page;
    case 'environment':
      return (await import('./topics/environment.ts')).page;
    case 'configuration':
      return (await import('./topics/configuration.ts')).page;
    case 'output':
      return (await import('./topics/output.ts')).page;
    case 'safety':
      return (await import('./topics/safety.ts')).page;
    case 'guarantees':
      return (await import('./topics/guarantees.ts')).page;
    case 'sources':
      return (await import('./topics/sources.ts')).page;
    case 'runbook':
      return (await import('./topics/runbook.ts')).page;
  }
}
