import { formatExactDuration } from '../model/duration.ts';
import type { CutoverPlan, PlannedCheck, PlannedStep } from './plan-types.ts';

/**
 * A plan as a Mermaid flowchart: stages as boxes around their steps, what is asked as diamonds, the undo of
 * each step as a dashed arrow back, checks beside the steps that they watch, the point of no return in red.
 */
export function formatDiagram(plan: CutoverPlan): string {
  const { steps, checks } = plan;
  const nodes = new Map(steps.map(({ id }, at) => [id, `s${at + 1}`]));
  const lines = [
    'flowchart TD',
    `  start([${label(plan.name)}])`,
    ...boxes(steps).flatMap((box, at) => boxLines(box, at, nodes)),
    '  done([completed])',
    ...chain(['start', ...steps.map(({ id }) => nodes.get(id)!), 'done']),
    ...steps.flatMap((step, at) =>
      undoLines(step, nodes.get(step.id)!, nodes.get(steps[at - 1]?.id ?? '') ?? 'start'),
    ),
    ...checks.flatMap((check, at) => checkLines(check, `c${at + 1}`, steps, nodes)),
    ...styles(steps, nodes),
  ];
  return `${lines.join('\n')}\n`;
}

interface Box {
  stage: string | null;
  steps: PlannedStep[];
}

/** Neighbours of one stage. */
function boxes(steps: readonly PlannedStep[]): Box[] {
  const found: Box[] = [];
  for (const step of steps) {
    const last = found.at(-1);
    if (last && last.stage === step.stage) last.steps.push(step);
    else found.push({ stage: step.stage, steps: [step] });
  }
  return found;
}

function boxLines({ stage, steps }: Box, at: number, nodes: ReadonlyMap<string, string>): string[] {
  const inner = steps.map((step) => `${stage === null ? '  ' : '    '}${node(step, nodes.get(step.id)!)}`);
  if (stage === null) return inner;
  return [`  subgraph stage${at + 1} [${label(stage)}]`, ...inner, '  end'];
}

function node({ id, outline: { does, asks } }: PlannedStep, name: string): string {
  const text = label(`${id}: ${does}`);
  return asks === null ? `${name}[${text}]` : `${name}{${text}}`;
}

function chain(names: readonly string[]): string[] {
  return names.slice(1).map((name, at) => `  ${names[at]} --> ${name}`);
}

function undoLines({ undo, outline }: PlannedStep, from: string, to: string): string[] {
  const does = undoText(undo, outline.undo);
  return does === null ? [] : [`  ${from} -. ${label(`undo: ${does}`)} .-> ${to}`];
}

function undoText(undo: PlannedStep['undo'], inferred: PlannedStep['outline']['undo']): string | null {
  if (typeof undo !== 'string') return undo.map(({ outline }) => outline.does).join(', ');
  return undo === 'auto' && typeof inferred === 'object' ? inferred.does : null;
}

/** A check hangs at the first step that it watches. */
function checkLines(
  check: PlannedCheck,
  name: string,
  steps: readonly PlannedStep[],
  nodes: ReadonlyMap<string, string>,
): string[] {
  const { from, until, onFailure, dryRun, intervalMs } = check;
  const every = `every ${formatExactDuration(intervalMs)}`;
  const then = dryRun ? 'told only' : onFailure;
  const span = from === 'never' ? 'where a step asks' : until === null ? every : `${every}, until ${until}`;
  const first = from === null ? steps[0] : steps.find(({ id }) => id === from || id.startsWith(`${from}/`));
  const shape = `  ${name}[/${label(`check ${check.name}: ${span}, else ${then}`)}/]`;
  return first ? [shape, `  ${name} -.- ${nodes.get(first.id)}`] : [shape];
}

function styles(steps: readonly PlannedStep[], nodes: ReadonlyMap<string, string>): string[] {
  const final = steps.filter(({ pointOfNoReturn }) => pointOfNoReturn).map(({ id }) => nodes.get(id));
  if (final.length === 0) return [];
  return ['  classDef noReturn stroke:#c00,stroke-width:3px', `  class ${final.join(',')} noReturn`];
}

/** A text between quotes, in which Mermaid finds nothing of its own language. */
function label(text: string): string {
  const escaped = text.replace(/[^\p{L}\p{N} ,.:/_()+@=-]/gu, (char) => {
    const code = char.codePointAt(0)!;
    return code < 32 ? ' ' : `#${code};`;
  });
  return `"${escaped}"`;
}
