/* Detections drawn over a picture: a box each, with number, class and score beside it. */
import { make, makeSvg } from "./dom.js";

/** { root, show }: a layer over a picture of width x height pixels. */
export function makeBoxLayer(width, height) {
  const boxes = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", class: "dl-marks" });
  const labels = make("div", {});
  return {
    root: make("div", { class: "dl-boxlayer", "aria-hidden": "true" }, boxes, labels),

    /** detections: [{ box_xyxy, colour, label, lost }], lost ones dashed; the first on top. */
    show(detections) {
      boxes.replaceChildren();
      labels.replaceChildren();
      for (const { box_xyxy, colour, label, lost } of [...detections].reverse()) {
        const [x0, y0] = [Math.max(box_xyxy[0], 0), Math.max(box_xyxy[1], 0)];
        const [x1, y1] = [Math.min(box_xyxy[2], width), Math.min(box_xyxy[3], height)];
        const place = { x: x0, y: y0, width: Math.max(x1 - x0, 0), height: Math.max(y1 - y0, 0) };
        const group = makeSvg("g", { class: lost ? "dl-lost" : "" });
        group.append(makeSvg("rect", { ...place, class: "dl-casing" }));
        group.append(makeSvg("rect", { ...place, class: "dl-box", stroke: colour }));
        boxes.append(group);
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
