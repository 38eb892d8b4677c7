import { expect } from 'vitest';

/** Throws where XML is not well-formed; gives back the root's name, and how many failures it tells and has. */
export function outlineOf(document: string): { name: string; failures: number } {
  const open: string[] = [];
  const seen: string[] = [];
  const rest = document
    .replace(/^<\?xml [^>]*\?>\n/, '')
    .replace(/<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g, (_, end, name, _attributes, empty) => {
      if (end) expect(open.pop()).toBe(name);
      else seen.push(name);
      if (!end && !empty) open.push(name);
      return '';
    });
  expect(open).toEqual([]);
  // What is left is text: no markup, no control characters.
  expect(rest).not.toMatch(/[<\x00-\x08\x0b\x0c\x0e-\x1f]/);
  expect(document.replace(/&(amp|lt|gt|quot|apos);/g, '')).not.toContain('&');
  const failures = seen.filter((name) => name === 'failure').length;
  expect(document).toMatch(
    new RegExp(
      `<testsuites [^>]*tests="${seen.filter((name) => name === 'testcase').length}" failures="${failures}"`,
    ),
  );
  return { name: seen[0]!, failures };
}
