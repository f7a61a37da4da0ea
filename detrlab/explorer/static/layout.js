/* What the explorers have in common: the picture with its words on the left, controls on the right. */
import { make, makeRoot } from "./dom.js";
import { cssGradient } from "./painting.js";

/** The scale of a map's colours; `most` (a text or an element) says what has the brightest one. */
export function makeLegend(colours, most) {
  const legend = make("div", { class: "dl-legend", "aria-hidden": "true" }, "0", make("i"), most);
  legend.children[0].style.background = cssGradient(colours);
  return legend;
}

/** Fills `root`. heading: elements over the stage; foot: beside each other under it; below: under these; controls: on
    the right; wide: under both. Returns the function that sets how strong the colours are, 0 to 1; `letGo` is called
    on Escape. */
export function layOut(root, { heading, stage, foot, below = [], controls, wide = [] }, letGo) {
  makeRoot(root);
  root.replaceChildren(
    make(
      "div",
      { class: "dl-columns" },
      make(
        "div",
        { class: "dl-left" },
        make("div", { class: "dl-heading" }, ...heading),
        stage,
        make("div", { class: "dl-foot" }, ...foot),
        ...below,
      ),
      make("div", { class: "dl-right" }, ...controls),
      ...wide,
    ),
  );
  root.addEventListener("keydown", (event) => event.key === "Escape" && letGo());
  return (value) => root.style.setProperty("--map-opacity", value);
}

/** Controls under a heading of their own. */
export function makeField(name, ...children) {
  return make("section", { class: "dl-field" }, make("h3", {}, name), ...children);
}
