/** Commands that would change the connection that everybody shares, or block it. */
const NEVER =
  /^(select|auth|hello|reset|quit|multi|exec|discard|watch|unwatch|asking|readonly|readwrite|monitor|p?sync|[ps]?subscribe|[ps]?unsubscribe|bl(move|mpop|pop)|br(pop|poplpush)|bz(mpop|popmin|popmax)|wait|waitaof|client (reply|tracking|caching))\b/;

/** Commands after which a server, or all that it holds, is another one. */
const GRAVE =
  /^(flushall|flushdb|shutdown|debug|swapdb|replicaof|slaveof|failover|migrate|module|cluster|keys|config (set|rewrite)|script (flush|kill)|function (flush|delete|restore|kill)|acl (setuser|deluser|load))\b/;

const READS =
  /^(get|mget|strlen|exists|ttl|pttl|type|hget|hmget|hgetall|hlen|hexists|llen|lrange|scard|sismember|smembers|zcard|zscore|zrange|xlen|xinfo|xrange|xrevrange|xpending|ping|time|info|dbsize|memory usage|object)\b/;

/** Why a command is not for a plan, as a clause; undefined where it is. */
export function refusal(command: readonly string[], allow: readonly string[]): string | undefined {
  const words = nameOf(command);
  if (NEVER.test(words) || (/^xread/.test(words) && command.some((word) => /^block$/i.test(word))))
    return `${shown(command)} is not for a plan: it would block or change the connection`;
  const grave = GRAVE.exec(words)?.[0];
  if (grave === undefined || allow.some((one) => one.toLowerCase() === grave)) return undefined;
  return `${shown(command)} is refused unless the step says allow: [${grave.toUpperCase()}]`;
}

/** True for a command that changes nothing. */
export function onlyReads(command: readonly string[]): boolean {
  return READS.test(nameOf(command));
}

/** Name and key; the rest may be a secret. */
export function shown([name = '', ...words]: readonly string[]): string {
  const withSub = /^(xgroup|config|script|function|acl|cluster|client|memory|object|xinfo)$/i.test(name);
  const sub = withSub ? [words[0]?.toUpperCase()] : [];
  return [name.toUpperCase(), ...sub, words[withSub ? 1 : 0]].filter(Boolean).join(' ');
}

function nameOf(command: readonly string[]): string {
  return command.slice(0, 2).join(' ').toLowerCase();
}
