/* The arrays that Python packed (payload.py), as typed arrays from the run of bytes. */

const TYPES = { uint8: Uint8Array, int16: Int16Array, float32: Float32Array };

/** One array as { values, shape }. `view` is a DataView or typed array over the bytes. */
export function arrayAt(view, { start, shape, type }) {
  const count = shape.reduce((product, side) => product * side, 1);
  const first = view.byteOffset + start;
  // A copy may start anywhere in the buffer it came in; a typed array over it may not.
  const bytes = view.buffer.slice(first, first + count * TYPES[type].BYTES_PER_ELEMENT);
  return { values: new TYPES[type](bytes), shape };
}

/** Whole numbers (M, N, d) times their channel's step (M, d), as Float32Array. */
export function widened({ values, shape: [M, N, d] }, steps) {
  const wide = new Float32Array(values.length);
  for (let m = 0, at = 0; m < M; m++) {
    for (let i = 0; i < N; i++) {
      for (let c = 0; c < d; c++, at++) wide[at] = values[at] * steps[m * d + c];
    }
  }
  return wide;
}
