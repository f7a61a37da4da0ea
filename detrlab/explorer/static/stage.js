/* The picture with what lies over it: the map, the boxes with their numbers, and the point that looks.
   Everything is placed in per cent of the picture, so it stays in place at any size on the screen. */
import { make, makeSvg, setText } from "./dom.js";
import { placeOf } from "./grid.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }; // rows, columns

/** `on`: { move(x, y, how), press(x, y, how), step(rows, columns), hold(), release(), point at(query), choose(query) }. */
export function makeStage(meta, pictureUrl, on) {
  const { width, height } = meta.picture;
  const { grid } = meta;
  const percent = (part, whole) => `${(100 * part) / whole}%`;

  const canvas = make("canvas", { class: "dl-map", "aria-hidden": "true" });
  // The last cells may reach past the picture: the frame cuts them off, so every cell stays at its true place.
  canvas.style.width = percent(grid.W * grid.cell_width, width);
  canvas.style.height = percent(grid.H * grid.cell_height, height);

  const boxes = makeSvg("g", { class: "dl-boxes" });
  const cell = makeSvg("rect", { class: "dl-cell" });
  const strongest = makeSvg("rect", { class: "dl-strongest" });
  const marks = makeSvg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true", class: "dl-marks" },
    boxes,
    strongest,
    cell,
  );
  const point = make("div", { class: "dl-point", "aria-hidden": "true" });
  const badges = make("div", { class: "dl-badges", "aria-hidden": "true" });
  const bubble = make("div", { class: "dl-bubble", "aria-hidden": "true" });
  const picture = make("img", { src: pictureUrl, alt: "", draggable: "false" });
  const frame = make("div", { class: "dl-clip" }, picture, canvas, marks);
  const root = make("div", { class: "dl-stage", tabindex: "0", role: "application" }, frame, badges, point, bubble);
  root.style.setProperty("--ratio", width / height);

  const pointOf = (event) => {
    const area = root.getBoundingClientRect();
    const x = ((event.clientX - area.left) / area.width) * width;
    const y = ((event.clientY - area.top) / area.height) * height;
    return [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height), event.pointerType];
  };
  root.addEventListener("pointermove", (event) => on.move(...pointOf(event)));
  root.addEventListener("click", (event) => on.press(...pointOf(event)));
  root.addEventListener("pointerleave", () => on.leave());
  root.addEventListener("keydown", (event) => {
    if (event.key in STEPS) on.step(...STEPS[event.key]);
    else if (event.key === "Enter" || event.key === " ") on.hold();
    else return;
    event.preventDefault();
    event.stopPropagation(); // in a notebook arrows and Enter mean something else
  });

  const badgeOf = new Map();
  return {
    root,
    canvas,

    /** Boxes and numbers of the detections shown: [{ number, query, box_xyxy, colour, label }], best first. */
    showDetections(shown) {
      boxes.replaceChildren();
      badges.replaceChildren();
      badgeOf.clear();
      for (const each of [...shown].reverse()) {
        const [x0, y0, x1, y1] = clipped(each.box_xyxy, width, height);
        const place = { x: x0, y: y0, width: Math.max(x1 - x0, 0), height: Math.max(y1 - y0, 0) };
        const frame = makeSvg("rect", { ...place, class: "dl-box", stroke: each.colour });
        const group = makeSvg("g", {}, makeSvg("rect", { ...place, class: "dl-casing" }), frame);
        boxes.append(group);
        const badge = make(
          "button",
          {
            class: "dl-badge",
            tabindex: "-1",
            type: "button",
            title: each.label,
            onpointerenter: () => on.pointAt(each.query),
            onpointermove: (event) => event.stopPropagation(),
            onclick: (event) => {
              event.stopPropagation();
              on.choose(each.query);
            },
          },
          String(each.number),
        );
        badge.style.left = percent(x0, width);
        badge.style.top = percent(y0, height);
        badge.style.setProperty("--colour", each.colour);
        badges.append(badge);
        badgeOf.set(each.query, [group, badge]);
      }
    },

    /** Which query looks (or null): its box is drawn strongly, the others faintly. */
    markQuery(query) {
      root.classList.toggle("dl-has-query", query !== null);
      for (const [each, elements] of badgeOf) {
        for (const element of elements) element.classList.toggle("dl-chosen", each === query);
      }
    },

    /** The point that looks and its cell, or null. */
    markPoint(place, x, y) {
      cell.style.display = point.style.display = place ? "" : "none";
      if (!place) return;
      setRectangle(cell, place);
      point.style.left = percent(x, width);
      point.style.top = percent(y, height);
    },

    /** The cell with the largest weight. */
    markStrongest(number) {
      setRectangle(strongest, placeOf(grid, number));
    },

    /** A few words beside the mouse, or null. */
    showBubble(text, x, y) {
      bubble.style.display = text ? "" : "none";
      if (!text) return;
      setText(bubble, text);
      bubble.style.left = percent(x, width);
      bubble.style.top = percent(y, height);
      bubble.classList.toggle("dl-left", x > 0.7 * width);
      bubble.classList.toggle("dl-below", y < 0.15 * height);
    },
  };
}

function setRectangle(rectangle, { x0, y0, x1, y1 }) {
  rectangle.setAttribute("x", x0);
  rectangle.setAttribute("y", y0);
  rectangle.setAttribute("width", Math.max(x1 - x0, 0));
  rectangle.setAttribute("height", Math.max(y1 - y0, 0));
}

function clipped([x0, y0, x1, y1], width, height) {
  return [Math.max(x0, 0), Math.max(y0, 0), Math.min(x1, width), Math.min(y1, height)];
}
