/** Keys of a job in Redis, as its workers name them. */
export function keysOf(job: string): { job: string; checkpoint: string } {
  return { job: `synapse:job:${job}`, checkpoint: `synapse:checkpoint:${job}` };
}
