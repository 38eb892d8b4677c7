// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what stands in such files
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { profileSchema } from '../../src/config/schema.ts';
import { mergeInto, type Proposal, type ProposedSource, writeDocument } from '../../src/init/index.ts';

const source = (name: string, more: object = {}): ProposedSource => ({
  name,
  remark: `table public.${name}, about 20 rows (DATABASE_URL)`,
  written: {
    ...{ kind: 'postgres', url: '${DATABASE_URL}', format: 'generic', table: `public.${name}`, id: 'id' },
    ...{ payload: 'payload', ready: "state = 'new'", done: { delete: true }, stream: name },
    ...more,
  },
  remarks: { done: 'rows leave the table' },
});
const proposal = (sources: ProposedSource[], more: Partial<Proposal> = {}): Proposal => ({
  ...{
    profile: 'live',
    redis: { remark: 'Redis 7', written: { url: '${REDIS_URL}' } },
    sources,
    group: 'workers',
  },
  ...more,
});

test('what is written has comments, and is a valid configuration', () => {
  const text = writeDocument(proposal([source('alerts'), source('it: "odd" # ${X}', { stream: 'a:b' })]));
  expect(text).toContain('# table public.alerts, about 20 rows (DATABASE_URL)\n      alerts:');
  expect(text).toContain('done: { delete: true } # rows leave the table');
  const { profile, profiles } = parse(text);
  expect(profile).toBe('live');
  expect(profileSchema.safeParse(profiles.live).success).toBe(true);
  expect(Object.keys(profiles.live.streams)).toEqual(['alerts', 'a:b']);
});

test('where nothing was found the file shows how it is written, and is valid as it is', () => {
  const text = writeDocument(proposal([], { redis: undefined, group: null }));
  expect(parse(text)).toEqual({ profile: 'live', profiles: { live: null } });
  // Without the marks it is a configuration.
  const lines = text.split('\n').map((line) => line.replace(/^ {4}# (?!What)/, '    '));
  const { live } = parse(lines.join('\n')).profiles;
  expect(profileSchema.safeParse(live).error).toBeUndefined();
  expect(mergeInto('f', text, proposal([], { redis: undefined, group: null })).added).toEqual([]);
});

const MINE = `# mine
profiles:
  live:
    redis: { url: redis://other } # stays
    sources:
      # by hand
      orders: { kind: postgres, table: alerts, ready: "true" }
    streams:
`;

test('what is missing is added, what is there stays, and a second time nothing is', () => {
  const { text, added } = mergeInto('f', MINE, proposal([source('alerts'), source('jobs')]));
  expect(added).toEqual(['profiles.live.sources.jobs', 'profiles.live.streams']);
  for (const line of MINE.trimEnd().split('\n')) expect(text).toContain(line);
  expect(parse(text).profiles.live.sources).toMatchObject({ orders: { ready: 'true' }, jobs: { id: 'id' } });
  expect(mergeInto('f', text, proposal([source('alerts'), source('jobs')]))).toEqual({ text, added: [] });
});

test('another profile does not change which one is used', () => {
  const { text, added } = mergeInto('f', MINE, proposal([source('jobs')], { profile: 'night' }));
  expect(added.sort()).toEqual(['profile', 'profiles.night']);
  expect(parse(text)).toMatchObject({ profile: 'live', profiles: { live: {}, night: {} } });
});

test('the same table of another database is another source', () => {
  const there = mergeInto('f', writeDocument(proposal([source('jobs')])), proposal([source('jobs')])).added;
  expect(there).toEqual([]);
  const other = { ...source('jobs-2'), written: { ...source('jobs').written, url: '${OTHER_URL}' } };
  expect(mergeInto('f', writeDocument(proposal([source('jobs')])), proposal([other])).added).toEqual([
    'profiles.live.sources.jobs-2',
  ]);
});

test.each([
  ['profiles: [', /f:1: not valid YAML/],
  ['profiles: 1', /nothing can be added to profiles/],
  ['a: &x { redis: { url: redis://a } }\nprofiles: { live: *x }', /nothing can be added to profiles\.live/],
])('%j is left alone', (text, problem) => {
  expect(() => mergeInto('f', text, proposal([source('jobs')]))).toThrow(problem);
});
