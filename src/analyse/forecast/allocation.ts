/** What the allocator gives for a request of so many bytes. */
export type Allocate = (bytes: number) => number;

const SMALLEST_CLASS = 16;
const STEPS_A_DOUBLING = 4;

/** jemalloc, which Redis is built with on Linux: four sizes a doubling, multiples of 16 below 128. */
export function jemalloc(bytes: number): number {
  if (bytes <= 8) return 8;
  if (bytes <= 128) return Math.ceil(bytes / SMALLEST_CLASS) * SMALLEST_CLASS;
  const doubling = 2 ** Math.floor(Math.log2(bytes - 1));
  const step = doubling / STEPS_A_DOUBLING;
  return Math.ceil(bytes / step) * step;
}

/** glibc: multiples of 16, with a head of 8. */
export function libc(bytes: number): number {
  return Math.max(24, Math.ceil((bytes + 8) / 16) * 16 - 8);
}

/** By `mem_allocator` of INFO; jemalloc where it is not known. */
export function allocatorOf(name: string | null): Allocate {
  return name?.startsWith('libc') ? libc : jemalloc;
}
