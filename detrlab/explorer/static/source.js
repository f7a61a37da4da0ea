/* Where maps come from: from queries and keys that are here, or from Python, which keeps them (large models).
   A want is { kind, direction, index, panels: [[layer, head], ...] }; its answer is one Float32Array per panel. */
import { arrayAt, widened } from "./arrays.js";
import { weightsOf } from "./attention_math.js";

/** Answers at once: `answer(wants, done)` calls done(answers) before it returns. */
export function localSource(meta, bytes) {
  const layers = {};
  for (const kind of Object.keys(meta.layers)) {
    layers[kind] = Array.from({ length: meta.layers[kind] }, (_, number) => {
      const array = (part) => arrayAt(bytes, meta.arrays[`${kind}.${number}.${part}`]);
      const [q, k] = [array("q"), array("k")];
      const [M, N, d] = q.shape;
      const wide = (integers, part) => widened(integers, array(part).values);
      const lse = array("lse").values;
      return { q: wide(q, "q_step"), k: wide(k, "k_step"), lse, M, N, S: k.shape[1], d };
    });
  }
  const maps = ({ kind, direction, index, panels }) =>
    panels.map(([layer, head]) => weightsOf(layers[kind][layer], direction, index, head));
  return { answer: (wants, done) => done(wants.map(maps)) };
}

/** Asks Python. One question at a time is under way; of those that come meanwhile only the last is asked. */
export function askingSource(model) {
  let asked = null;
  let waiting = null;
  let number = 0;
  const ask = (question) => {
    asked = { ...question, number: ++number };
    model.send({ wants: asked.wants, number });
  };
  model.on("msg:custom", (message, buffers) => {
    if (!asked || message.number !== asked.number) return;
    const { wants, done } = asked;
    asked = null;
    // The newest question is sent on before painting, so that Python works meanwhile.
    const next = waiting;
    waiting = null;
    if (next) ask(next);
    let at = 0;
    done(wants.map((want) => want.panels.map(() => floats(buffers[at++]))));
  });
  return {
    answer(wants, done) {
      if (asked) waiting = { wants, done };
      else ask({ wants, done });
    },
  };
}

function floats(view) {
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}
