/* Compose a scene: drag shapes onto paper and watch what the model detects. Python draws (its scenes are the ones the
   model knows) and detects; this file holds the arrangement and sends it whenever it changes. */
import { makeBoxLayer } from "./boxes.js";
import { makeChoice, makeSlider } from "./controls.js";
import { make, makeRoot, makeSvg, setText } from "./dom.js";
import { ICONS } from "./icons.js";

const START_RADIUS = 0.14; // of the paper's side
const RADII = [0.05, 0.4, 0.01];
const STEP = 0.02; // one press of an arrow key
const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

/** Builds the composer into `root`. choices: classes, colours { name: css }, fills, backgrounds, side. */
export function mountComposer(root, choices, arrangement, send) {
  let { shapes, background } = structuredClone(arrangement);
  let chosen = shapes.length - 1; // place in `shapes`, from the back to the front; -1: none
  const { side } = choices;

  // ---- the paper ----
  const picture = make("img", { alt: "", draggable: "false" });
  const layer = makeBoxLayer(side, side);
  const handles = make("div", { class: "dl-handles" });
  const paper = make("div", { class: "dl-stage dl-paper" }, make("div", { class: "dl-clip" }, picture), layer.root, handles);
  paper.style.setProperty("--ratio", 1);
  const placeOn = (event) => {
    const area = paper.getBoundingClientRect();
    return [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height];
  };

  // ---- what a user can do ----
  function add(name, x, y) {
    const used = new Set(shapes.map((shape) => shape.colour));
    const colour = Object.keys(choices.colours).find((each) => !used.has(each) && each !== background.colour) ?? "red";
    shapes.push({ name, x, y, radius: START_RADIUS, angle: 0, colour, fill: "flat" });
    chosen = shapes.length - 1;
    changed();
    handles.children[chosen].focus(); // the keys now move what was just added
  }
  function edit(changes) {
    if (chosen < 0) return;
    shapes[chosen] = { ...shapes[chosen], ...changes };
    const { x, y, radius, angle } = shapes[chosen];
    const inside = (value, [least, most]) => Math.min(Math.max(value, least), most);
    shapes[chosen].x = inside(x, [0, 1]);
    shapes[chosen].y = inside(y, [0, 1]);
    shapes[chosen].radius = inside(radius, RADII);
    shapes[chosen].angle = ((angle % 360) + 360) % 360;
    changed();
  }
  function reorder(toFront) {
    const [shape] = shapes.splice(chosen, 1);
    if (toFront) shapes.push(shape);
    else shapes.unshift(shape);
    chosen = toFront ? shapes.length - 1 : 0;
    changed();
  }
  function remove() {
    shapes.splice(chosen, 1);
    chosen = shapes.length - 1;
    changed();
    (handles.querySelectorAll(".dl-handle")[chosen] ?? palette.querySelector("button")).focus();
  }
  function choose(place) {
    chosen = place;
    drawHandles();
  }
  function changed() {
    drawHandles();
    send({ shapes, background });
  }

  /** Follows one pointer until it is let go. */
  function drag(event, onMove) {
    event.preventDefault();
    const move = (next) => next.pointerId === event.pointerId && onMove(...placeOn(next));
    const end = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  }

  // ---- handles: a ring for each shape, and a knob that sizes and turns ----
  function drawHandles() {
    while (handles.children.length > shapes.length + 1) handles.children[shapes.length].remove();
    while (handles.children.length < shapes.length + 1) handles.prepend(makeHandle());
    shapes.forEach((shape, place) => {
      const handle = handles.children[place];
      handle.style.left = `${100 * shape.x}%`;
      handle.style.top = `${100 * shape.y}%`;
      handle.style.width = handle.style.height = `${200 * shape.radius}%`;
      handle.setAttribute("aria-pressed", String(place === chosen));
      handle.setAttribute("aria-label", `${shape.colour} ${shape.name}, ${place + 1} of ${shapes.length} from the back`);
    });
    const shape = shapes[chosen];
    knob.hidden = !shape;
    panel.disabled = !shape;
    setText(hint, shapes.length ? "Drag to move. The knob sizes and turns. Arrow keys, + and −, Delete." : "Drag a shape onto the paper.");
    if (!shape) return;
    const turned = ((shape.angle - 45) * Math.PI) / 180;
    knob.style.left = `${100 * (shape.x + shape.radius * Math.cos(turned))}%`;
    knob.style.top = `${100 * (shape.y + shape.radius * Math.sin(turned))}%`;
    colour.set(shape.colour);
    fill.set(shape.fill);
    size.set(shape.radius);
    turn.set(shape.angle);
  }
  function makeHandle() {
    const placeOfHandle = () => [...handles.children].indexOf(handle);
    const handle = make("button", {
      type: "button",
      class: "dl-handle",
      onfocus: () => choose(placeOfHandle()),
      onpointerdown: (event) => {
        choose(placeOfHandle());
        handle.focus();
        const [x, y] = placeOn(event);
        const [dx, dy] = [shapes[chosen].x - x, shapes[chosen].y - y];
        drag(event, (toX, toY) => edit({ x: toX + dx, y: toY + dy }));
      },
      onkeydown: (event) => {
        const { x, y, radius } = shapes[chosen];
        if (event.key in MOVES) edit({ x: x + MOVES[event.key][0], y: y + MOVES[event.key][1] });
        else if (event.key === "+" || event.key === "=") edit({ radius: radius + STEP });
        else if (event.key === "-") edit({ radius: radius - STEP });
        else if (event.key === "Delete" || event.key === "Backspace") remove();
        else return;
        event.preventDefault();
        event.stopPropagation();
      },
    });
    return handle;
  }
  const knob = make("span", { class: "dl-knob", "aria-hidden": "true" });
  knob.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    drag(event, (x, y) => {
      const shape = shapes[chosen];
      const angle = (Math.atan2(y - shape.y, x - shape.x) * 180) / Math.PI + 45;
      edit({ radius: Math.hypot(x - shape.x, y - shape.y), angle: Math.round(angle) });
    });
  });
  handles.append(knob);

  // ---- palette and controls ----
  const palette = make("div", { class: "dl-palette", role: "group", "aria-label": "Shapes to add" });
  for (const name of choices.classes) {
    const icon = makeSvg("svg", { viewBox: "-12 -12 24 24", "aria-hidden": "true" }, makeSvg("path", { d: ICONS[name] }));
    const button = make("button", { type: "button", class: "dl-item", title: `add a ${name}` }, icon, name);
    let dropped = false; // a drag ends with a click, which must not add a second one
    button.addEventListener("pointerdown", (event) => {
      dropped = false;
      drag(event, (x, y) => {
        if (!dropped && x >= 0 && x <= 1 && y >= 0 && y <= 1) {
          dropped = true;
          add(name, x, y);
        } else if (dropped) edit({ x, y });
      });
    });
    button.addEventListener("click", () => {
      if (!dropped) add(name, 0.3 + 0.4 * ((shapes.length * 0.618) % 1), 0.3 + 0.4 * ((shapes.length * 0.382) % 1));
      dropped = false;
    });
    palette.append(button);
  }
  const swatches = (label, value, onChange) => {
    const named = Object.keys(choices.colours).map((name) => {
      const patch = make("i", { class: "dl-swatch" });
      patch.style.background = choices.colours[name];
      return [name, patch, name];
    });
    const choice = makeChoice(label, named, value, onChange);
    choice.root.classList.add("dl-swatches");
    return choice;
  };
  const first = { colour: "red", fill: "flat", radius: START_RADIUS, angle: 0 };
  const colour = swatches("Colour", first.colour, (value) => edit({ colour: value }));
  const fill = makeChoice("Fill", choices.fills.map((each) => [each, each]), first.fill, (value) => edit({ fill: value }));
  const size = makeSlider("Size", first.radius, (value) => edit({ radius: value }), RADII);
  const turn = makeSlider("Turn", first.angle, (value) => edit({ angle: value }), [0, 359, 1]);
  const buttons = make(
    "div",
    { class: "dl-buttons" },
    make("button", { type: "button", class: "dl-item", onclick: () => reorder(true) }, "to the front"),
    make("button", { type: "button", class: "dl-item", onclick: () => reorder(false) }, "to the back"),
    make("button", { type: "button", class: "dl-item", onclick: remove }, "remove"),
  );
  const panel = make("fieldset", { class: "dl-panel" });
  panel.append(make("legend", {}, "Chosen shape"), colour.root, fill.root, size.root, turn.root, buttons);
  const kinds = make("select", { "aria-label": "Kind of background" });
  kinds.append(...choices.backgrounds.map((each) => make("option", { value: each }, each)));
  kinds.value = background.kind;
  const setBackground = (changes) => {
    background = { ...background, ...changes };
    changed();
  };
  kinds.addEventListener("change", () => setBackground({ kind: kinds.value }));
  const behind = swatches("Background", background.colour, (value) => setBackground({ colour: value }));
  behind.root.append(kinds);

  // ---- the page ----
  const verdict = make("h2", { class: "dl-headline", role: "status" });
  const caption = make("p", { class: "dl-subline" });
  const hint = make("p", { class: "dl-hold" });
  makeRoot(root, "dl-composer");
  root.replaceChildren(
    make(
      "div",
      { class: "dl-columns" },
      make("div", { class: "dl-left" }, make("div", { class: "dl-heading" }, verdict, caption), paper, hint),
      make("div", { class: "dl-right" }, palette, panel, behind.root),
    ),
  );
  drawHandles();

  return {
    /** The picture and what was found in it, as Python answers. */
    show(pictureUrl, { detections, found, of, caption: words }) {
      picture.src = pictureUrl;
      layer.show(detections);
      setText(verdict, of === 0 ? "An empty paper" : `${found} of ${of} shapes found`);
      setText(caption, of === 0 ? "First drag a shape onto it, or press one: then you see what the model sees." : words);
    },
  };
}
