import { expect, test } from 'vitest';
import { playExample } from './play.ts';

test('SynapseDTE: jobs move type by type, survive their hosts, and one phase goes back alone', {
  timeout: 300_000,
}, async () => {
  const text = await playExample('synapse-dte');
  expect(text).toContain('Everything held.');
  expect(text).toMatch(
    /^result +rolled back, the old side is healthy\nwhy +.*check scoping-latency failed 3 times/m,
  );
  expect(text).toContain('routes: sample-selection 100 %, planning 0 %, scoping 0 %');
  expect(text).toMatch(/^ 6 {2}go +done .*approved by .*@ops-b$/m);
  // It ends on another host than that on which it was killed, behind its checkpoint.
  expect(text).toMatch(/^profile-4711: on worker-high-\d from step [1-9]\d* \(checkpoint\)$/m);
  expect(text).toMatch(/ job-stuck: firing \(critical\), /);
  expect(text).toMatch(/status=completed .* why=checkpoint expired$/m);
  expect(text).toMatch(/^state +paused$/m);
  expect(text).toMatch(/^unacked +6 with workers/m);
  expect(text).toMatch(/^not converged: 6 messages in flight with a consumer$/m);
  expect(text).toContain('data-profiling 0 %, test-execution 0 %');
});
