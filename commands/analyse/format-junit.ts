import {
  type Analysis,
  FINDINGS,
  type FindingKind,
  type ShownFinding,
  type Side,
} from '../../src/analyse/index.ts';

/**
 * An analysis as results of tests: each kind of finding that was looked for is a test; blockers fail, and
 * with `strict` warnings as well. The others are said in the output of their test.
 */
export function formatJunit(analysis: Analysis, strict: boolean): string {
  const sides = sidesOf(analysis);
  const kinds = FINDINGS.filter((kind) => kind.sides.some((side) => sides.has(side)));
  const sideOf = (kind: FindingKind): Side => kind.sides.find((side) => sides.has(side))!;
  const body = [...sides].map((side) =>
    suite(
      side,
      kinds.filter((kind) => sideOf(kind) === side),
      analysis,
      strict,
    ),
  );
  const failures = analysis.findings.filter((finding) => fails(finding, strict)).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="qctl analyse" tests="${countOf(kinds, analysis)}" failures="${failures}">\n${body.join('')}</testsuites>\n`;
}

function sidesOf({ server, moves }: Analysis): Set<Side> {
  const sides = new Set<Side>();
  if (server) sides.add('redis');
  for (const { source, forecast } of moves) {
    if (source) sides.add(source.kind);
    if (forecast) sides.add('move');
  }
  return sides;
}

function suite(side: Side, kinds: readonly FindingKind[], analysis: Analysis, strict: boolean): string {
  const found = analysis.findings.filter(({ code }) => kinds.some((kind) => kind.code === code));
  const failures = found.filter((finding) => fails(finding, strict)).length;
  const cases = kinds.flatMap((kind) => {
    const own = found.filter(({ code }) => code === kind.code);
    return own.length === 0
      ? [testcase(side, kind)]
      : own.map((finding) => testcase(side, kind, finding, strict));
  });
  return `  <testsuite name="${side}" tests="${countOf(kinds, analysis)}" failures="${failures}" timestamp="${analysis.at.slice(0, 19)}">\n${cases.join('')}  </testsuite>\n`;
}

/** Several findings of a kind are several tests. */
function countOf(kinds: readonly FindingKind[], { findings }: Analysis): number {
  return kinds.reduce(
    (sum, kind) => sum + Math.max(1, findings.filter(({ code }) => code === kind.code).length),
    0,
  );
}

function testcase(side: Side, kind: FindingKind, finding?: ShownFinding, strict = false): string {
  const name = finding ? `${kind.code} ${finding.about}` : kind.code;
  const head = `    <testcase classname="qctl.analyse.${side}" name="${xml(name)}"`;
  if (!finding) return `${head}/>\n`;
  const text = [
    finding.what,
    `why: ${finding.why}`,
    ...(finding.remedy === null ? [] : [`to do: ${finding.remedy}`]),
  ].join('\n');
  const inner = fails(finding, strict)
    ? `<failure type="${finding.level}" message="${xml(finding.what)}">${xml(text)}</failure>`
    : `<system-out>${xml(`${finding.level}: ${text}`)}</system-out>`;
  return `${head}>${inner}</testcase>\n`;
}

function fails({ level }: ShownFinding, strict: boolean): boolean {
  return level === 'blocker' || (strict && level === 'warning');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** XML 1.0 has no way to write these. */
const NOT_XML =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Names come from servers, and may hold what XML cannot. */
export function xml(text: string): string {
  return text.replace(NOT_XML, '\ufffd').replace(/[&<>"']/g, (char) => ENTITIES[char]!);
}
