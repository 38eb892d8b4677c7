// Brings the replicas of one deployment to what its template says: one new, until it is ready; then one old less.
const fs = require('node:fs');
const path = require('node:path');
const { home, locked, sleep } = require('./common.cjs');
const processes = require('./processes.cjs');

const key = process.argv[2];
const name = key.split('/').pop();
const stateName = `workload-${key}`;
const lock = stateName.replaceAll('/', '~');

const change = (work) =>
  locked(lock, () => {
    const state = processes.readState(stateName);
    const result = work(state);
    processes.writeState(stateName, state);
    return result;
  });

const envOf = (object) => {
  const { secrets = {} } = processes.definitions();
  const list = object.spec.template.spec.containers[0].env ?? [];
  const given = ({ value, valueFrom }) => {
    const reference = valueFrom?.secretKeyRef;
    return reference ? (secrets[`${reference.name}/${reference.key}`] ?? '') : (value ?? '');
  };
  return Object.fromEntries(list.map((variable) => [variable.name, given(variable)]));
};

const startPod = (definition) => {
  const pod = change((state) => {
    state.count = (state.count ?? 0) + 1;
    const podName = `${name}-${state.count}`;
    const marker = path.join(home(), 'ready', podName);
    const env = { ...envOf(state.object), READY_FILE: marker, POD_NAME: podName };
    const started = {
      name: podName,
      process: processes.start(podName, definition, env),
      template: JSON.stringify(state.object.spec.template),
    };
    state.pods.push(started);
    return { ...started, marker };
  });
  while (processes.lives(pod.process) && !fs.existsSync(pod.marker)) sleep(10);
  const ready = processes.lives(pod.process);
  change((state) => {
    for (const one of state.pods) if (one.name === pod.name) one.ready = ready;
  });
  return ready;
};

const stopPod = (pod, { stopTimeoutMs }) => {
  change((state) => {
    for (const one of state.pods) if (one.name === pod.name) one.terminating = true;
  });
  processes.stop(pod.process, stopTimeoutMs);
  change((state) => {
    state.pods = state.pods.filter((one) => one.name !== pod.name);
  });
};

// Undefined where all is as it should be, else what is to be done next.
const nextOf = (definition) =>
  change((state) => {
    state.pods = state.pods.filter((pod) => processes.lives(pod.process));
    const { replicas } = state.object.spec;
    const template = JSON.stringify(state.object.spec.template);
    const updated = state.pods.filter((pod) => pod.template === template && !pod.terminating);
    const others = state.pods.filter((pod) => !updated.includes(pod));
    if (updated.length > replicas) return () => stopPod(updated[0], definition);
    if (others.length > 0 && updated.length + others.length > replicas)
      return () => stopPod(others[0], definition);
    if (updated.length < replicas) return () => startPod(definition);
    if (others.length > 0) return () => stopPod(others[0], definition);
    state.observed = state.object.metadata.generation;
    return undefined;
  });

locked(`controller-${lock}`, () => {
  const definition = processes.definitions().deployments[name];
  for (let crashes = 0; ; ) {
    const { generation } = processes.readState(stateName).object.metadata;
    const next = nextOf(definition);
    if (!next) return;
    if (next() !== false) continue;
    crashes += 1;
    if (crashes >= 3) return change((state) => Object.assign(state, { stuck: generation }));
    sleep(100);
  }
});
