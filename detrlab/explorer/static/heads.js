/* Switch heads off: every cross-attention head of the decoder and every layer of the encoder is a switch; the
   detections follow, with what they were before beside them. */
import { makeBoxLayer } from "./boxes.js";
import { make, makeRoot, setText } from "./dom.js";
import { howMany } from "./words.js";

/** Builds it into `root`. meta: { width, height, encoder_layers, decoder_layers, heads }; off: what is off at first. */
export function mountHeads(root, meta, pictureUrl, off, send) {
  const picture = make("img", { src: pictureUrl, alt: "" });
  const layer = makeBoxLayer(meta.width, meta.height);
  const stage = make("div", { class: "dl-stage dl-still" }, make("div", { class: "dl-clip" }, picture), layer.root);
  stage.style.setProperty("--ratio", meta.width / meta.height);

  const switches = []; // { input, mark }: mark writes into { heads, encoder_layers } what it switches off
  const makeSwitch = (label, on, mark) => {
    const input = make("input", { type: "checkbox", "aria-label": label, onchange: changed });
    input.checked = on;
    switches.push({ input, mark });
    return make("label", { class: "dl-switch", title: label }, input, make("span"));
  };
  function changed() {
    const found = { heads: [], encoder_layers: [] };
    for (const { input, mark } of switches) if (!input.checked) mark(found);
    send(found);
  }
  const counted = (count) => Array.from({ length: count }, (_, number) => number);
  const headSwitch = (l, m) => {
    const on = !off.heads.some(([layer, head]) => layer === l && head === m);
    return makeSwitch(`decoder layer ${l}, head ${m}`, on, (found) => found.heads.push([l, m]));
  };
  const layerSwitch = (l) => {
    const on = !off.encoder_layers.includes(l);
    return makeSwitch(`encoder layer ${l}`, on, (found) => found.encoder_layers.push(l));
  };

  const headings = ["", ...counted(meta.heads).map((m) => `head ${m}`)];
  const headTable = make(
    "table",
    { class: "dl-switches" },
    make("caption", {}, "Decoder: heads that look at the picture"),
    make("thead", {}, make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)))),
    make(
      "tbody",
      {},
      ...counted(meta.decoder_layers).map((l) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, `layer ${l}`),
          ...counted(meta.heads).map((m) => make("td", {}, headSwitch(l, m))),
        ),
      ),
    ),
  );
  const layerTable = make(
    "table",
    { class: "dl-switches" },
    make("caption", {}, "Encoder: whole layers"),
    make(
      "tbody",
      {},
      ...counted(meta.encoder_layers).map((l) =>
        make("tr", {}, make("th", { scope: "row" }, `layer ${l}`), make("td", {}, layerSwitch(l))),
      ),
    ),
  );
  const set = (value) => {
    for (const { input } of switches) input.checked = value;
    changed();
  };
  const buttons = make(
    "div",
    { class: "dl-buttons" },
    make("button", { type: "button", class: "dl-item", onclick: () => set(true) }, "all on"),
    make("button", { type: "button", class: "dl-item", onclick: () => set(false) }, "all off"),
  );
  const rows = make("tbody");
  const before = ["Detection", "with all", "now", "IoU of the boxes"].map((text) => make("th", { scope: "col" }, text));
  const comparison = make("table", {}, make("thead", {}, make("tr", {}, ...before)), rows);

  const verdict = make("h2", { class: "dl-headline", role: "status" });
  const subline = make("p", { class: "dl-subline" });
  const ghosts = make("p", { class: "dl-hold" }, "Dashed: where the box was with everything on.");
  makeRoot(root);
  root.replaceChildren(
    make(
      "div",
      { class: "dl-columns" },
      make("div", { class: "dl-left" }, make("div", { class: "dl-heading" }, verdict, subline), stage, ghosts),
      make("div", { class: "dl-right" }, headTable, layerTable, buttons),
      make("div", { class: "dl-numbers" }, comparison),
    ),
  );

  return {
    /** As Python answers: rows [{ number, colour, name, query, before, now, name_now, fate, iou, box_xyxy, was_xyxy }]. */
    show({ rows: found, heads_off, layers_off, of, fates }) {
      const off = heads_off + layers_off > 0;
      const all = howMany(of, "detection");
      setText(verdict, off ? `${fates["in place"]} of ${all} left in place` : all);
      const others = Object.entries(fates).filter(([fate, count]) => fate !== "in place" && count);
      const said = others.map(([fate, count]) => ` · ${count} ${fate}`);
      setText(subline, `Off: ${howMany(heads_off, "head")}, ${howMany(layers_off, "encoder layer")}${said.join("")}`);
      ghosts.style.visibility = off ? "visible" : "hidden";
      const lost = (each) => each.fate === "lost";
      const label = (each) => `${each.number} ${lost(each) ? "lost" : `${each.name_now} ${each.now.toFixed(2)}`}`;
      layer.show(found.map((each) => ({ ...each, lost: lost(each), label: label(each) })));
      rows.replaceChildren(
        ...found.map((each) => {
          const swatch = make("span", { class: "dl-number" }, String(each.number));
          swatch.style.setProperty("--colour", each.colour);
          const other = lost(each) || each.name_now === each.name ? "" : `${each.name_now} `;
          return make(
            "tr",
            { class: lost(each) ? "dl-lost" : "" },
            make("th", { scope: "row" }, swatch, ` ${each.name} · query ${each.query}`),
            make("td", {}, each.before.toFixed(2)),
            make("td", {}, `${other}${each.now.toFixed(2)}`),
            make("td", {}, each.iou === null ? "–" : each.iou.toFixed(2)),
          );
        }),
      );
    },
  };
}
