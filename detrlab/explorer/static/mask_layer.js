/* Segments as a layer of colours over the picture: the chosen one strong and outlined, the others faint. */

const FAINT = 90; // of 255, and
const STRONG = 150; // the opacity of the chosen one; its border has all of it

/** { canvas, idAt, show }. ids: { values, shape [h, w] } of segments, 0 where there is none; colours: Map id -> "#rrggbb". */
export function makeMaskLayer({ values, shape: [h, w] }, colours) {
  const canvas = document.createElement("canvas");
  canvas.width = w;
  canvas.height = h;
  canvas.className = "dl-map";
  canvas.setAttribute("aria-hidden", "true");
  const channels = new Map([...colours].map(([id, colour]) => [id, channelsOf(colour)]));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const image = context.createImageData(w, h);
  const onBorder = borderOf(values, h, w);
  return {
    canvas,

    /** The segment at a place, x and y in 0..1 of the picture; 0 for none. */
    idAt(x, y) {
      const column = Math.min(Math.max(Math.floor(x * w), 0), w - 1);
      return values[Math.min(Math.max(Math.floor(y * h), 0), h - 1) * w + column];
    },

    show(chosen) {
      for (let i = 0; i < values.length; i++) {
        const id = values[i];
        const [red, green, blue] = channels.get(id) ?? [0, 0, 0];
        image.data[4 * i] = red;
        image.data[4 * i + 1] = green;
        image.data[4 * i + 2] = blue;
        if (id === 0) image.data[4 * i + 3] = 0;
        else if (id === chosen) image.data[4 * i + 3] = onBorder[i] ? 255 : STRONG;
        else image.data[4 * i + 3] = FAINT;
      }
      context.putImageData(image, 0, 0);
      canvas.dataset.chosen = chosen;
    },
  };
}

function channelsOf(colour) {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

/** Uint8Array: 1 where a neighbour on one of four sides belongs to another segment, or where the picture ends. */
function borderOf(values, h, w) {
  const border = new Uint8Array(values.length);
  for (let y = 0, i = 0; y < h; y++) {
    for (let x = 0; x < w; x++, i++) {
      const inside = x > 0 && y > 0 && x < w - 1 && y < h - 1;
      const id = values[i];
      const same = inside && values[i - 1] === id && values[i + 1] === id && values[i - w] === id && values[i + w] === id;
      border[i] = same ? 0 : 1;
    }
  }
  return border;
}
