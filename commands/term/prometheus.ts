import { printable } from './text.ts';

/** All samples of one metric. */
export interface Family {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  samples: Sample[];
}

export interface Sample {
  labels: Record<string, string>;
  /** In base units: seconds, bytes, ratios. */
  value: number;
}

export function gauge(name: string, help: string, samples: Sample[]): Family {
  return { name, type: 'gauge', help, samples };
}

export function counter(name: string, help: string, samples: Sample[]): Family {
  return { name, type: 'counter', help, samples };
}

/** The text format of Prometheus. What has no samples is left out: what is not known is never 0. */
export function formatFamilies(families: Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

function familyText({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return `{${pairs.join(',')}}`;
}

/** Prometheus knows three escapes; other control characters are shown by their code, as on a terminal. */
function escapeLabel(value: string): string {
  const lines = value.split('\n').map((line) => printable(line).replaceAll('\\', '\\\\'));
  return lines.join('\\n').replaceAll('"', '\\"');
}
