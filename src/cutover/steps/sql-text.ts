import { shorten } from '../../model/shorten.ts';

const LITERAL = /'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[\s\S]*?\1|--[^\n]*|\/\*[\s\S]*?\*\//g;
const TRANSACTION =
  /(?:^|;)\s*(begin(?!\s+atomic)|commit|rollback|abort|start\s+transaction|prepare\s+transaction|savepoint|release)\b/i;

/**
 * A statement as it may be shown: without the values that stand in it, and without comments.
 *
 * @param hide takes secrets out of it: once they are cut nobody knows them again
 */
export function shownSql(sql: string, hide: (text: string) => string): string {
  return shorten(
    hide(sql).replace(LITERAL, (part) =>
      part.startsWith("'") ? "'…'" : part.startsWith('"') ? part : part.startsWith('$') ? '$…$' : ' ',
    ),
  );
}

/** The statement in a text that would end the step's transaction; undefined: there is none. */
export function transactionIn(sql: string): string | undefined {
  return TRANSACTION.exec(bare(sql))?.[1]?.toUpperCase();
}

/** Whether a server may be asked to look at a text without doing it. */
export function isPreparable(sql: string): boolean {
  return (
    /^\s*(select|insert|update|delete|merge|with|values)\b/i.test(bare(sql)) && !/;\s*\S/.test(bare(sql))
  );
}

function bare(sql: string): string {
  return sql.replace(LITERAL, ' ');
}
