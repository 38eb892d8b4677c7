// Preloaded into what is measured: at its end it writes down CPU time and peak memory.
import { writeFileSync } from 'node:fs';

const file = process.env.QCTL_BENCH_USAGE;
if (file) {
  process.once('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    writeFileSync(
      file,
      JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, peakBytes: maxRSS * 1024 }),
    );
  });
}
