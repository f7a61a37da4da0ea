/* Detections drawn over a picture: a box each, with number, class and score beside it. */
import { make, makeSvg } from "./dom.js";

/** { root, show }: a layer over a picture of width x height pixels. */
export function makeBoxLayer(width, height) {
  const boxes = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", class: "dl-marks" });
  const labels = make("div", {});
  const clipped = ([x0, y0, x1, y1]) => {
    const place = { x: Math.max(x0, 0), y: Math.max(y0, 0) };
    const [right, bottom] = [Math.min(x1, width), Math.min(y1, height)];
    return { ...place, width: Math.max(right - place.x, 0), height: Math.max(bottom - place.y, 0) };
  };
  return {
    root: make("div", { class: "dl-boxlayer", "aria-hidden": "true" }, boxes, labels),

    /** detections: [{ box_xyxy, was_xyxy, colour, label, lost }], the first on top. Dashed: where a box was before
        (was_xyxy, where there is one), and what is lost. */
    show(detections) {
      boxes.replaceChildren();
      labels.replaceChildren();
      const ghosts = detections.filter(({ was_xyxy, lost }) => was_xyxy && !lost);
      for (const { was_xyxy, colour } of ghosts) boxes.append(makeBox(clipped(was_xyxy), colour, "dl-ghost"));
      for (const { box_xyxy, colour, label, lost } of [...detections].reverse()) {
        const place = clipped(box_xyxy);
        const { x: x0, y: y0 } = place;
        boxes.append(makeBox(place, colour, lost ? "dl-lost" : ""));
        const tag = make("span", { class: lost ? "dl-tag dl-lost" : "dl-tag" }, label);
        tag.style.setProperty("--colour", colour);
        tag.style.left = `${(100 * x0) / width}%`;
        tag.style.top = `${(100 * y0) / height}%`;
        tag.classList.toggle("dl-inside", y0 < 0.06 * height);
        labels.append(tag);
      }
    },
  };
}

function makeBox(place, colour, name) {
  const casing = makeSvg("rect", { ...place, class: "dl-casing" });
  return makeSvg("g", { class: name }, casing, makeSvg("rect", { ...place, class: "dl-box", stroke: colour }));
}
