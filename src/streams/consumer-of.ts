import { findSimilar } from '../config/similar.ts';
import { QctlError } from '../errors.ts';
import { shortList } from '../model/short-list.ts';
import type { Consumer } from './consumers.ts';

/**
 * Throws `failed` CONSUMER_MISSING where none of these has the name: a misspelt one would else look like
 * a consumer that holds nothing.
 */
export function requireConsumer(consumers: readonly Consumer[], name: string, group: string): void {
  const names = [...new Set(consumers.map(({ consumer }) => consumer))];
  if (names.includes(name)) return;
  const similar = findSimilar(name, names);
  const hint = [`its consumers: ${shortList(names) || 'none'}`];
  if (similar) hint.unshift(`did you mean ${similar}?`);
  throw new QctlError('failed', `group ${group} has no consumer ${name}`, {
    code: 'CONSUMER_MISSING',
    hint,
    details: { group, consumer: name },
  });
}
