import { FINDINGS, type FindingKind, type Side } from '../src/analyse/index.ts';

const PARTS: [side: Side, heading: string][] = [
  ['redis', 'Redis'],
  ['postgres', 'PostgreSQL'],
  ['sqs', 'Amazon SQS'],
  ['celery', 'Celery'],
  ['move', 'Both ends together'],
];

const INTRO = `# Findings

What \`qctl analyse\` can find, by the code that it prints. A **blocker** means that a drain would refuse to start, fail, or lose
or damage something; a **warning** that somebody should act first; a **note** is worth knowing. A finding itself names the thing
and gives the very command; here stands what it means. [analyse.md](analyse.md) shows how to run it.
`;

/** docs/findings.md: a section a finding, from the same table that the analysis explains itself by. */
export function findingsPage(): string {
  const parts = PARTS.map(([side, heading]) => {
    const own = FINDINGS.filter((kind) => kind.sides[0] === side).sort((a, b) =>
      a.code.localeCompare(b.code),
    );
    return `## ${heading}\n\n${own.map(section).join('\n')}`;
  });
  return `${[INTRO, ...parts].join('\n')}`;
}

function section({ code, levels, title, why, advice, sides }: FindingKind): string {
  const also = sides.length > 1 ? ` · ${sides.join(', ')}` : '';
  return `### ${code}\n\n**${title}** (${levels.join(', ')}${also})\n\n${why}\n\n*What to do:* ${advice}\n`;
}
