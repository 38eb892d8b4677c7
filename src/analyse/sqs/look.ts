import type { DrainSettings, DrainSource } from '../../drain/index.ts';
import { UNKNOWN } from '../figure.ts';
import type { LookOptions, SourceLook } from '../look.ts';
import type { SqsSourceFacts } from './facts.ts';

/** Looks at an SQS queue. Receives nothing, unless asked for a sample. */
export async function lookAtSqs(
  source: Extract<DrainSource, { kind: 'sqs' }>,
  _settings: DrainSettings,
  _options: LookOptions,
): Promise<SourceLook<SqsSourceFacts>> {
  const label = source.name;
  return {
    label,
    facts: { kind: 'sqs', label },
    findings: [],
    backlog: UNKNOWN,
    arrivalPerSecond: null,
    completionPerSecond: null,
    oldestAt: null,
    types: null,
    sample: [],
    notCarried: [],
  };
}
