/* The caption explorer: move over the words of a caption and see where in the picture the similarity to a word comes
   from; each word is as strong as the end token looks at it. All maps stand in the payload (caption.py). */
import { arrayAt } from "./arrays.js";
import { makeChoice, makeSlider } from "./controls.js";
import { make, setText } from "./dom.js";
import { layOut, makeField, makeLegend } from "./layout.js";
import { paintMap } from "./painting.js";
import { asPercent, numbered } from "./words.js";

const CAPTION_OPACITY = 0.7;

/** Builds the caption explorer into `root`. meta: see caption.py; bytes: the payload's arrays. */
export function mountCaption(root, meta, bytes, pictureUrl) {
  const { words, grid, layers, heads } = meta;
  const { width, height } = meta.picture;
  const array = (name) => arrayAt(bytes, meta.arrays[name]);
  const colours = array("colours").values;
  const maps = array("maps").values;
  const attention = array("attention").values; // (layers, heads, words)
  const state = { word: words.length - 1, held: false, layer: layers - 1, head: "mean" };

  // ---- the picture ----
  const canvas = make("canvas", { class: "dl-map", "aria-hidden": "true" });
  canvas.style.width = `${(100 * grid.W * grid.cell_width) / width}%`;
  canvas.style.height = `${(100 * grid.H * grid.cell_height) / height}%`;
  const picture = make("img", { src: pictureUrl, alt: "", draggable: "false" });
  const stage = make("div", { class: "dl-stage dl-seen" }, make("div", { class: "dl-clip" }, picture, canvas));
  stage.style.setProperty("--ratio", width / height);
  stage.setAttribute("role", "img");
  stage.setAttribute("aria-label", "The picture, with the map of the chosen word");

  // ---- the words ----
  const buttons = words.map((word, place) => {
    const share = make("span", { class: "dl-score" });
    const button = make(
      "button",
      {
        type: "button",
        class: "dl-item dl-word",
        "aria-pressed": "false",
        onpointerenter: () => state.held || change({ word: place }),
        onclick: () => change(state.held && state.word === place ? { held: false } : { word: place, held: true }),
        onfocus: () => button.matches(":focus-visible") && change({ word: place, held: true }),
      },
      make("span", { class: "dl-name" }, word),
      share,
    );
    return { button, share };
  });
  const caption = make("div", { class: "dl-caption", role: "group", "aria-label": "Words of the caption" });
  caption.append(...buttons.map(({ button }) => button));

  const counted = (count) => Array.from({ length: count }, (_, number) => [number, String(number)]);
  const layer = makeChoice("Layer", counted(layers), state.layer, (value) => change({ layer: value }));
  const head = makeChoice("Head", [["mean", "mean"], ...counted(heads)], state.head, (value) => change({ head: value }));
  const opacity = makeSlider("Strength of the colours", CAPTION_OPACITY, (value) => setOpacity(value));
  const title = make("h2", { class: "dl-headline", role: "status" });
  const under = make("p", { class: "dl-subline" });
  const holding = make("p", { class: "dl-hold" });
  const looks = make("p", { class: "dl-hint" });
  const legend = makeLegend(colours, "the map's own maximum");
  const setOpacity = layOut(
    root,
    {
      heading: [title, under],
      stage,
      foot: [holding, legend],
      below: [
        make("p", { class: "dl-hint" }, "The map: how much each cell raises the cosine (Grad-CAM); what lowers it is left out."),
      ],
      controls: [makeField("Where the end token looks", caption, looks), layer.root, head.root, opacity.root],
    },
    () => state.held && change({ held: false }),
  );
  setOpacity(CAPTION_OPACITY);

  // ---- what follows from a change ----
  function change(changes) {
    Object.assign(state, changes);
    showWeights();
    showMap();
    root.classList.toggle("dl-held", state.held);
    setText(holding, state.held ? "Held. Click the word or press Esc to let go." : "Move over the words: the map follows. Click to hold.");
  }

  /** How much the end token looks at each word, in the layer and head that are chosen. */
  function weights() {
    const n = words.length;
    const of = (m) => attention.subarray((state.layer * heads + m) * n, (state.layer * heads + m + 1) * n);
    if (state.head !== "mean") return of(state.head);
    const mean = new Float32Array(n);
    for (let m = 0; m < heads; m++) of(m).forEach((value, place) => (mean[place] += value / heads));
    return mean;
  }

  function showWeights() {
    const shares = weights();
    const peak = Math.max(...shares);
    buttons.forEach(({ button, share }, place) => {
      button.style.setProperty("--share", `${(100 * shares[place]) / peak}%`);
      button.setAttribute("aria-pressed", String(place === state.word));
      setText(share, asPercent(shares[place]));
    });
    const which = state.head === "mean" ? `mean of ${heads} heads` : numbered("head", state.head, heads);
    setText(looks, `${numbered("layer", state.layer, layers)} · ${which}`);
  }

  function showMap() {
    const last = state.word === words.length - 1;
    const word = words[state.word];
    const number = last ? 0 : meta.map_of[word];
    const cells = grid.H * grid.W;
    const has = number !== undefined;
    paintMap(canvas, has ? maps.subarray(number * cells, (number + 1) * cells) : new Float32Array(cells), grid, colours);
    canvas.style.visibility = has ? "" : "hidden";
    setText(title, last ? "What speaks for the whole caption" : `What speaks for “${word}”`);
    if (!has) setText(under, "This word names no colour and no shape: it has no map.");
    else setText(under, `Cosine ${meta.cosines[number].toFixed(2)}${last ? "" : `, of the mean of prompts with “${word}”`}`);
  }

  change({});
}
