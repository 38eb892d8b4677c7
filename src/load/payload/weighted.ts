/** Gives numbers from 0, as often as their weights say. Weights are positive; it takes the logarithm of their number. */
export function weighted(weights: Float64Array, random: () => number): () => number {
  const upTo = new Float64Array(weights.length);
  let sum = 0;
  for (let at = 0; at < weights.length; at += 1) {
    sum += weights[at]!;
    upTo[at] = sum;
  }
  return () => firstAbove(upTo, random() * sum);
}

function firstAbove(upTo: Float64Array, value: number): number {
  let low = 0;
  let high = upTo.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (upTo[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
