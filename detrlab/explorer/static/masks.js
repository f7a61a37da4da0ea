/* The mask explorer: move over the picture and see of each mask what its query looks at, and how a mask of full size
   comes of that. Nothing is computed here; all maps stand in the payload (masks.py). */
import { arrayAt } from "./arrays.js";
import { makeSlider } from "./controls.js";
import { make, setText } from "./dom.js";
import { layOut, makeField, makeLegend } from "./layout.js";
import { makeMaskLayer } from "./mask_layer.js";
import { paintMap } from "./painting.js";
import { asPercent, holdLine, howMany } from "./words.js";

const MASK_OPACITY = 0.9;

/** Builds the mask explorer into `root`. meta: see masks.py; bytes: the payload's arrays. */
export function mountMasks(root, meta, bytes, pictureUrl) {
  const { segments, steps, heads } = meta;
  const { width, height } = meta.picture;
  const array = (name) => arrayAt(bytes, meta.arrays[name]);
  const colours = array("colours").values;
  const ids = array("ids");
  const layer = makeMaskLayer(ids, new Map(segments.map(({ id, colour }) => [id, colour])));
  const placeOf = new Map(segments.map(({ id }, place) => [id, place]));
  let chosen = -1; // place among the segments
  let held = false;

  // ---- the picture ----
  const picture = make("img", { src: pictureUrl, alt: "", draggable: "false" });
  const bubble = make("div", { class: "dl-bubble", "aria-hidden": "true" });
  const stage = make("div", { class: "dl-stage dl-masks" }, make("div", { class: "dl-clip" }, picture, layer.canvas), bubble);
  stage.style.setProperty("--ratio", width / height);
  const placeAt = (event) => {
    const area = stage.getBoundingClientRect();
    const [x, y] = [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height];
    return { x, y, place: placeOf.get(layer.idAt(x, y)) ?? -1 };
  };
  stage.addEventListener("pointermove", (event) => {
    const { x, y, place } = placeAt(event);
    if (!held && place >= 0) choose(place);
    const name = place >= 0 ? labelOf(segments[place]) : "no segment";
    showBubble(name, x, y);
  });
  stage.addEventListener("pointerleave", () => showBubble(null));
  stage.addEventListener("click", (event) => {
    const { place } = placeAt(event);
    if (place >= 0) pick(place);
    else hold(false);
  });

  // ---- the list ----
  const buttons = segments.map((each, place) => {
    const swatch = make("span", { class: "dl-number" }, String(each.id));
    swatch.style.setProperty("--colour", each.colour);
    const button = make(
      "button",
      {
        type: "button",
        class: "dl-item",
        "aria-label": `Segment ${each.id}: ${each.name}, ${asPercent(each.share)} of the picture`,
        onpointerenter: () => held || choose(place),
        onclick: () => pick(place),
        onfocus: () => button.matches(":focus-visible") && (choose(place), hold(true)),
      },
      swatch,
      make("span", { class: "dl-name" }, each.name),
      make("span", { class: "dl-score" }, asPercent(each.share)),
    );
    return button;
  });
  const list = make("div", { class: "dl-list", role: "group", "aria-label": "Segments" }, ...buttons);
  const nothing = "No query is sure enough: lower the threshold.";
  const opacity = makeSlider("Strength of the colours", MASK_OPACITY, (value) => setOpacity(value));

  // ---- the maps ----
  const attention = segments.length ? array("attention") : { shape: [0, heads, 0, 0] };
  const [, , h, w] = attention.shape;
  const headTiles = Array.from({ length: heads }, (_, head) => makeTile(`head ${head}`));
  const stepArrays = steps.map((_, number) => array(`step.${number}`));
  const stepTiles = [
    makeTile("all heads", `${h} × ${w}`),
    ...steps.map((step, number) => makeTile(stepTitle(step, number), sizeOf(stepArrays[number]))),
  ];
  const full = makeTile("the mask", `${height} × ${width}`);
  const way = make("ol", { class: "dl-way", "aria-label": "From attention to mask, with rows × columns" });
  way.append(...[...stepTiles, full].map(({ root: tile }) => make("li", {}, tile)));
  const legend = makeLegend(colours, "each map's own maximum");

  const title = make("h2", { class: "dl-headline", role: "status" });
  const under = make("p", { class: "dl-subline" });
  const holding = make("p", { class: "dl-hold" });
  const setOpacity = layOut(
    root,
    {
      heading: [title, under],
      stage,
      foot: [holding, legend],
      controls: [
        makeField("Segments", segments.length ? list : nothing),
        opacity.root,
        makeField(
          `Where its query looks (${h} × ${w}), and each head's share`,
          make("div", { class: "dl-multiples" }, ...headTiles.map(({ root: tile }) => tile)),
        ),
      ],
      wide: [make("section", { class: "dl-numbers-row" }, make("h3", {}, "From attention to mask"), way)],
    },
    () => held && hold(false),
  );
  setOpacity(MASK_OPACITY);

  // ---- what a user can do ----
  function pick(place) {
    const again = held && place === chosen;
    choose(place);
    hold(!again);
  }
  function hold(yes) {
    held = yes;
    root.classList.toggle("dl-held", held);
    setText(holding, holdLine(held));
  }
  function choose(place) {
    if (place === chosen) return;
    chosen = place;
    const each = segments[place];
    layer.show(each.id);
    buttons.forEach((button, number) => button.setAttribute("aria-pressed", String(number === place)));
    setText(title, labelOf(each));
    setText(under, sublineOf(each));
    const all = new Float32Array(h * w);
    headTiles.forEach((tile, head) => {
      const from = (place * heads + head) * h * w;
      const map = attention.values.subarray(from, from + h * w);
      let sum = 0; // one softmax may go over all heads: then they share what there is
      for (let i = 0; i < map.length; i++) {
        all[i] += map[i];
        sum += map[i];
      }
      tile.show(map, { H: h, W: w }, () => asPercent(sum));
    });
    stepTiles[0].show(all, { H: h, W: w }, (peak) => `max ${asPercent(peak)}`);
    stepArrays.forEach(({ values, shape: [, H, W] }, number) => {
      const peak = steps[number].peaks[place];
      const map = Float32Array.from(values.subarray(place * H * W, (place + 1) * H * W), (value) => (value / 255) * peak);
      const say = number === steps.length - 1 ? asPercent : (value) => value.toFixed(2);
      stepTiles[number + 1].show(map, { H, W }, (most) => `max ${say(most)}`);
    });
    const mask = Float32Array.from(ids.values, (id) => Number(id === each.id));
    full.show(mask, { H: ids.shape[0], W: ids.shape[1] }, () => asPercent(each.share));
  }
  function showBubble(text, x, y) {
    bubble.style.display = text ? "" : "none";
    if (!text) return;
    setText(bubble, text);
    bubble.style.left = `${100 * x}%`;
    bubble.style.top = `${100 * y}%`;
    bubble.classList.toggle("dl-left", x > 0.7);
    bubble.classList.toggle("dl-below", y < 0.15);
  }

  /** { root, show }: a small map with a title, its size, and what is said of it; say(maximum) -> words. */
  function makeTile(name, size = "") {
    const canvas = make("canvas", { class: "dl-map", "aria-hidden": "true" });
    const clip = make("span", { class: "dl-clip" }, canvas);
    clip.style.setProperty("--ratio", width / height);
    const peak = make("span", { class: "dl-score" });
    const tile = make("div", { class: "dl-tile" }, clip, make("span", { class: "dl-name" }, name), peak);
    if (size) tile.insertBefore(make("span", { class: "dl-size" }, size), peak);
    return {
      root: tile,
      show(map, cells, say) {
        setText(peak, say(paintMap(canvas, map, cells, colours)));
      },
    };
  }

  hold(false);
  showBubble(null);
  stage.setAttribute("role", "img");
  stage.setAttribute("aria-label", `Picture with ${howMany(segments.length, "segment")}; the list beside it walks them.`);
  if (segments.length) choose(0);
  else {
    setText(title, "No segment");
    layer.show(0);
  }
}

function labelOf({ id, name }) {
  return `${id} ${name}`;
}

function sublineOf({ thing, queries, share }) {
  const [first, ...merged] = queries;
  const more = merged.length ? ` (${merged.length} more merged into it)` : "";
  return `${thing ? "Thing" : "Stuff"} · query ${first}${more} · ${asPercent(share)} of the picture`;
}

function sizeOf({ shape: [, H, W] }) {
  return `${H} × ${W}`;
}

/** What a step adds; the last one is the probability that each pixel belongs to the mask. */
function stepTitle({ stage, channels }, number) {
  if (channels === 1) return "probability";
  return number === 0 ? `2 layers, mean of ${channels}` : `+ ${stage}, mean of ${channels}`;
}
