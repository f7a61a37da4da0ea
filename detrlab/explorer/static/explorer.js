/* The attention explorer: move over the picture and see where the model looks from there.
   This file holds the state and says what follows from a change; the other modules draw and compute. */
import { arrayAt } from "./arrays.js";
import { summaryOf } from "./attention_math.js";
import { makeClassToken } from "./class_token.js";
import { makeChoice, makeSlider } from "./controls.js";
import { make, setText } from "./dom.js";
import { cellAt, coverOf, placeOf } from "./grid.js";
import { layOut, makeField, makeLegend } from "./layout.js";
import { makeMultiples } from "./multiples.js";
import { makeNumbers, underWords } from "./numbers.js";
import { paintMap } from "./painting.js";
import { makeListening, makeQueryList } from "./queries.js";
import { makeStage } from "./stage.js";
import { asPercent, asTimes, headline, holdLine, subline } from "./words.js";

const SPOKEN_AFTER = 400; // milliseconds of rest, so that a screen reader is not flooded
const OPACITY = 0.7;

/** Builds the explorer into `root`. source: see source.js; bytes: the payload's arrays (payload.py). */
export function mountExplorer(root, meta, bytes, pictureUrl, source) {
  const { grid, lead } = meta; // lead: 1 where a class token stands in front of the cells
  const decodes = "cross" in meta.layers; // a vision transformer has an encoder alone
  const colours = arrayAt(bytes, meta.arrays.colours).values;
  const numberOf = new Map(meta.detections.map((each, place) => [each.query, place + 1]));
  const covers = new Map(meta.detections.map((each) => [each.query, coverOf(grid, each.box_xyxy)]));
  const state = {
    x: meta.picture.width / 2,
    y: meta.picture.height / 2,
    query: null, // the query that looks, or null: the point looks,
    cls: false, // or the class token
    held: false,
    direction: "row",
    layer: Object.fromEntries(Object.entries(meta.layers).map(([kind, count]) => [kind, count - 1])),
    head: "mean",
    beside: "none",
    threshold: meta.threshold,
    under: null, // the cell under the mouse while the map is held
  };
  let shown = []; // the detections above the threshold
  let drawn = null; // { view, map, summary } on show
  let setUpFor = "";
  let tilesFor = "";
  let spokenTimer = 0;

  const names = (query) => {
    const place = numberOf.get(query);
    return place <= shown.length ? `${meta.detections[place - 1].name} ${place}` : `query ${query}`;
  };

  // ---- what a user can do ----
  const pointTo = (x, y) => change({ x, y, query: null, cls: false, under: null });
  const toggle = (query) => change(state.held && state.query === query ? { held: false } : { query, held: true });
  const pointAt = (query) => state.held || change({ query });
  const pick = (query) => change({ query, held: true });
  const stage = makeStage(meta, pictureUrl, {
    move(x, y) {
      if (!state.held) pointTo(x, y);
      else readUnder(x, y);
    },
    press(x, y, how) {
      if (how === "touch") change({ x, y, query: null, cls: false, held: false });
      else if (state.held) change({ x, y, query: null, cls: false, held: false, under: null });
      else change({ x, y, query: null, cls: false, held: true });
    },
    leave: () => state.held && readUnder(null),
    step(rows, columns) {
      const { row, column } = placeOf(grid, cellAt(grid, state.x, state.y));
      const to = Math.min(Math.max(row + rows, 0), grid.H - 1) * grid.W;
      const place = placeOf(grid, to + Math.min(Math.max(column + columns, 0), grid.W - 1));
      change({ x: (place.x0 + place.x1) / 2, y: (place.y0 + place.y1) / 2, query: null, cls: false, held: true });
    },
    hold: () => change({ held: !state.held }),
    pointAt,
    choose: toggle,
  });

  // ---- the page ----
  const title = make("h2", { class: "dl-headline" });
  const under = make("p", { class: "dl-subline" });
  const holding = make("p", { class: "dl-hold" });
  const peakLabel = make("span");
  const legend = makeLegend(colours, peakLabel);
  const spoken = make("p", { class: "dl-spoken", role: "status" });
  const list = makeQueryList(meta, { pointAt, choose: toggle, pick });
  const classToken = makeClassToken(
    () => change(state.held && state.cls ? { held: false } : { cls: true, query: null, held: true, under: null }),
    () => state.held || change({ cls: true, query: null }),
  );
  const listening = makeListening();
  const numbers = makeNumbers(meta);
  const multiples = makeMultiples(meta, pictureUrl, colours, ([layer, head]) => {
    change({ head, layer: { ...state.layer, [drawn.view.kind]: layer } });
  });

  const counted = (count) => Array.from({ length: count }, (_, number) => [number, String(number)]);
  const direction = makeChoice(
    "Direction",
    [
      ["row", "Where it looks", "the point's row of the attention"],
      ["column", "Who looks at it", "the point's column: how much every cell looks at it"],
    ],
    state.direction,
    (value) => change({ direction: value }),
  );
  const layerChoice = (kind, label) =>
    makeChoice(label, counted(meta.layers[kind]), state.layer[kind], (value) =>
      change({ layer: { ...state.layer, [kind]: value } }),
    );
  const layers = { encoder: layerChoice("encoder", decodes ? "Encoder layer" : "Layer") };
  if (decodes) layers.cross = layerChoice("cross", "Decoder layer");
  const heads = makeChoice(
    "Head",
    [["mean", "mean"], ...counted(Math.min(...Object.values(meta.heads)))],
    state.head,
    (value) => change({ head: value }),
  );
  const beside = makeChoice(
    "Side by side",
    [
      ["none", "off"],
      ["heads", "all heads"],
      ["layers", "all layers"],
    ],
    state.beside,
    (value) => change({ beside: value }),
  );
  const threshold = makeSlider("Detections scoring above", state.threshold, (value) => change({ threshold: value }));
  const opacity = makeSlider("Strength of the colours", OPACITY, (value) => setOpacity(value));

  const setOpacity = layOut(
    root,
    {
      heading: [title, under],
      stage: stage.root,
      foot: [holding, legend],
      below: [multiples.root],
      controls: [
        decodes ? makeField("Detections", list.root, threshold.root) : classToken.root,
        direction.root,
        ...Object.values(layers).map((each) => each.root),
        heads.root,
        beside.root,
        opacity.root,
        listening.root,
      ],
      wide: [numbers.root],
    },
    () => state.held && change({ held: false, under: null }),
  );
  root.append(spoken);
  setOpacity(OPACITY);

  // ---- what follows from a change ----
  // Answers may come later (from Python). What is drawn then belongs to the view that was asked for, all of it.
  function change(changes) {
    const before = state.threshold;
    Object.assign(state, changes);
    if (before !== state.threshold) showDetections();
    const view = viewOf(state);
    source.answer(view.wants, ([maps, self]) => show(view, maps, self));
  }

  function viewOf({ x, y, query, cls, held, direction, layer, head, beside }) {
    const kind = query === null ? "encoder" : "cross";
    const cell = query === null && !cls ? cellAt(grid, x, y) : null;
    const index = query ?? (cls ? 0 : lead + cell);
    const panel = [layer[kind], head];
    const panels = besidePanels(kind, panel, beside);
    const column = kind === "encoder" && direction === "column";
    const wants = [{ kind, direction: column ? "column" : "row", index, panels: [panel, ...panels] }];
    if (kind === "cross") wants.push({ kind: "self", direction: "row", index, panels: [panel] });
    return { x, y, query, cls, cell, held, kind, index, panel, panels, beside, column, wants };
  }

  function besidePanels(kind, [layer, head], beside) {
    if (beside === "heads") return counted(meta.heads[kind]).map(([number]) => [layer, number]);
    if (beside === "layers") return counted(meta.layers[kind]).map(([number]) => [number, head]);
    return [];
  }

  function showDetections() {
    shown = meta.detections
      .filter((each) => each.score > state.threshold)
      .map((each, place) => ({
        ...each,
        number: place + 1,
        colour: meta.colours[place % meta.colours.length],
        cover: covers.get(each.query),
        label: `${place + 1} ${each.name} ${each.score.toFixed(2)}, query ${each.query}`,
      }));
    stage.showDetections(shown);
    list.setDetections(shown);
    numbers.setBoxes(shown);
  }

  /** Controls and small maps that depend on what kind of attention is on show. */
  function setUp({ kind, panel, panels, beside }) {
    const now = JSON.stringify([kind, panel, panels, beside]);
    if (now === setUpFor) return;
    setUpFor = now;
    direction.enable(kind === "encoder"); // queries look at the picture, nothing looks at queries from it
    for (const [each, choice] of Object.entries(layers)) choice.root.hidden = each !== kind;
    layers[kind].set(panel[0]);
    heads.set(panel[1]);
    // A tile that was clicked keeps the focus: tiles are made anew only where they are others.
    const tiles = JSON.stringify([panels, beside]);
    if (tiles === tilesFor) return;
    tilesFor = tiles;
    multiples.setPanels(
      panels,
      panels.map(([layer, head]) => (beside === "heads" ? `head ${head}` : `layer ${layer}`)),
    );
  }

  function show(view, [whole, ...others], self) {
    const [map, ofClass] = [cellsOf(whole), lead ? whole[0] : null];
    const summary = summaryOf(map);
    drawn = { view, map, summary, ofClass };
    setUp(view);
    paintMap(stage.canvas, map, grid, colours);
    stage.markPoint(view.cell === null ? null : placeOf(grid, view.cell), view.x, view.y);
    stage.markQuery(view.query);
    stage.markStrongest(summary.peakAt);
    list.mark(view.query);
    classToken.mark(view.cls);
    multiples.show(others.map(cellsOf), view.panel);
    listening.show(view.query, self ? self[0] : null, names);
    root.classList.toggle("dl-held", view.held);
    if (!view.held) stage.showBubble(null);
    setText(title, headline(view, names));
    setText(under, subline(decodes ? view.kind : "alone", view.panel, meta.layers[view.kind], meta.heads[view.kind]));
    setText(holding, holdLine(view.held));
    setText(peakLabel, `${asPercent(summary.peak)} (${asTimes(summary.peak / summary.mean)} the mean)`);
    showNumbers();
    speakLater();
  }

  /** What the cells get, without a class token in front. */
  function cellsOf(map) {
    return lead ? map.subarray(lead) : map;
  }

  function showNumbers() {
    const { view, map, summary, ofClass } = drawn;
    const under = view.held ? state.under : null;
    numbers.show({ map, summary, from: whoLooks(view), column: view.column, under, chosen: view.query, ofClass });
  }

  function whoLooks({ query, cls, cell }) {
    if (query !== null) return `query ${query}`;
    if (cls) return "the class token";
    const { row, column } = placeOf(grid, cell);
    return `cell in row ${row}, column ${column}`;
  }

  function readUnder(x, y) {
    state.under = x === null ? null : cellAt(grid, x, y);
    stage.showBubble(x === null ? null : underWords(meta, drawn.map, state.under), x, y);
    showNumbers();
  }

  function speakLater() {
    clearTimeout(spokenTimer);
    spokenTimer = setTimeout(() => {
      const { row, column } = placeOf(grid, drawn.summary.peakAt);
      const strongest = `strongest ${asPercent(drawn.summary.peak)} in row ${row}, column ${column}`;
      setText(spoken, `${title.textContent}. ${under.textContent}; ${strongest}.`);
    }, SPOKEN_AFTER);
  }

  stage.root.setAttribute(
    "aria-label",
    `Picture, ${meta.picture.width} by ${meta.picture.height} pixels, ${grid.H} rows by ${grid.W} columns of cells. ` +
      "Arrow keys move the point that looks by one cell, Enter holds it, Escape lets go; " +
      (decodes ? "Tab walks the detections." : "Tab goes to the class token."),
  );
  showDetections();
  change(startAt(meta));
}

/** First the point in the middle of the best detection looks, or the class token: something to see before the mouse
    moves. */
function startAt(meta) {
  if (meta.lead) return { cls: true };
  const best = meta.detections.find((each) => each.score > meta.threshold);
  if (!best) return {};
  const [x0, y0, x1, y1] = best.box_xyxy;
  const inside = (value, size) => Math.min(Math.max(value, 0), size);
  return { x: inside((x0 + x1) / 2, meta.picture.width), y: inside((y0 + y1) / 2, meta.picture.height) };
}
