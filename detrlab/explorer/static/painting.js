/* Maps as pictures: one canvas pixel for each cell, from 0 to the map's own maximum, without any transparency of
   its own (the page fades the whole canvas), so what is painted can be read back. */

/** Paints a map (H*W) and returns the maximum that has the brightest colour. */
export function paintMap(canvas, map, { H, W }, colours) {
  if (canvas.width !== W || canvas.height !== H) {
    canvas.width = W;
    canvas.height = H;
  }
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const image = context.createImageData(W, H);
  let peak = 0;
  for (let i = 0; i < map.length; i++) peak = Math.max(peak, map[i]);
  for (let i = 0; i < map.length; i++) putColour(image.data, 4 * i, peak > 0 ? map[i] / peak : 0, colours);
  context.putImageData(image, 0, 0);
  canvas.dataset.max = peak; // with it the colours can be turned back into weights
  return peak;
}

/** A CSS gradient of the colours from left (0) to right (maximum). */
export function cssGradient(colours) {
  const stops = [];
  for (let i = 0; i < 256; i += 15) stops.push(`rgb(${colours[3 * i]} ${colours[3 * i + 1]} ${colours[3 * i + 2]})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/* Between the 256 colours of the table it is interpolated: steps of one in any channel tell about 1,000 values
   apart instead of 256. */
function putColour(data, at, value, colours) {
  const place = Math.min(Math.max(value, 0), 1) * 255;
  const below = Math.min(Math.floor(place), 254);
  const part = place - below;
  for (let channel = 0; channel < 3; channel++) {
    const low = colours[3 * below + channel];
    const high = colours[3 * below + 3 + channel];
    data[at + channel] = Math.round(low + part * (high - low));
  }
  data[at + 3] = 255;
}
