/* Rows and columns of attention from queries and keys, as detrlab/explorer/rows.py: per head
   weights[i, j] = exp(q_i k_j - lse_i). A layer is { q, k, lse, M, N, S, d }: M heads of width d, N tokens that look
   at S. And what is measured on a map, as detrlab/attention/measures.py. */

/** Where token `index` looks ("row") or who looks at it ("column"), of one head or of the "mean": Float32Array. */
export function weightsOf(layer, direction, index, head) {
  const { M, N, S } = layer;
  const out = new Float32Array(direction === "row" ? S : N);
  const heads = head === "mean" ? Array.from({ length: M }, (_, m) => m) : [head];
  for (const m of heads) {
    if (direction === "row") addRow(layer, m, index, out);
    else addColumn(layer, m, index, out);
  }
  if (heads.length > 1) for (let j = 0; j < out.length; j++) out[j] /= heads.length;
  return out;
}

function addRow({ q, k, lse, N, S, d }, m, index, out) {
  const one = q.subarray((m * N + index) * d, (m * N + index + 1) * d);
  const denominator = lse[m * N + index];
  for (let j = 0, at = m * S * d; j < S; j++) {
    let score = 0;
    for (let c = 0; c < d; c++) score += one[c] * k[at++];
    out[j] += Math.exp(score - denominator);
  }
}

function addColumn({ q, k, lse, N, S, d }, m, index, out) {
  const one = k.subarray((m * S + index) * d, (m * S + index + 1) * d);
  for (let i = 0, at = m * N * d; i < N; i++) {
    let score = 0;
    for (let c = 0; c < d; c++) score += one[c] * q[at++];
    out[i] += Math.exp(score - lse[m * N + i]);
  }
}

/** { sum, mean, peak, peakAt, entropy } of a map; entropy of its shares over log S: 0 on one cell, 1 even. */
export function summaryOf(map) {
  let sum = 0;
  let peak = -1;
  let peakAt = 0;
  for (let i = 0; i < map.length; i++) {
    sum += map[i];
    if (map[i] > peak) {
      peak = map[i];
      peakAt = i;
    }
  }
  let entropy = 0;
  for (let i = 0; i < map.length; i++) if (map[i] > 0) entropy -= (map[i] / sum) * Math.log(map[i] / sum);
  return { sum, mean: sum / map.length, peak, peakAt, entropy: entropy / Math.log(map.length) };
}

/** { mass, lift } of a map in a box: its share of the map's sum, and that over the box's share of the cells. */
export function inBox(map, sum, cover) {
  let inside = 0;
  let area = 0;
  for (let i = 0; i < map.length; i++) {
    inside += map[i] * cover[i];
    area += cover[i];
  }
  const mass = inside / sum;
  return { mass, lift: area > 0 ? mass / (area / map.length) : NaN };
}
