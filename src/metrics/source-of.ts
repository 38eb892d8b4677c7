import type { SourceConfig } from '../config/schema.ts';
import { findSimilar } from '../config/similar.ts';
import { QctlError } from '../errors.ts';
import type { MetricDoors } from './metric.ts';

/** A source of qctl.yaml. Throws `config` where there is none of that name. */
export async function sourceOf(doors: MetricDoors, name: string): Promise<SourceConfig> {
  const { sources } = await doors.config();
  if (Object.hasOwn(sources, name)) return sources[name]!;
  const known = Object.keys(sources);
  const similar = findSimilar(name, known);
  throw new QctlError('config', `there is no source ${name} in qctl.yaml`, {
    code: 'SOURCE_MISSING',
    hint: [similar ? `did you mean ${similar}?` : `known are: ${known.join(', ') || 'none'}`],
  });
}
