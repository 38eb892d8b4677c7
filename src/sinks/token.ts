/**
 * Whether `token` comes before `known`. Those of one partition of a lane rise: `transaction.part` of a
 * move, a number of a copy. The empty token stands before all.
 */
export function isOlder(token: string, known: string): boolean {
  const [unit = 0, part = 0] = token.split('.').map(Number);
  const [knownUnit = 0, knownPart = 0] = known.split('.').map(Number);
  return unit < knownUnit || (unit === knownUnit && part < knownPart);
}
