/* The list of detections, any other query, and whom a query listens to (the decoder's self-attention). */
import { make, setText } from "./dom.js";
import { asPercent } from "./words.js";

const LISTENED = 5; // the strongest of them

/** `on`: { pointAt(query), choose(query), pick(query) }. */
export function makeQueryList(meta, on) {
  const list = make("div", { class: "dl-list", role: "group", "aria-label": "Detections" });
  const empty = make("p", { class: "dl-hint" }, "No detection above this score: lower the threshold.");
  const byQuery = [...meta.detections].sort((one, other) => one.query - other.query);
  const options = byQuery.map((each) =>
    make("option", { value: String(each.query) }, `query ${each.query} · ${each.name} ${each.score.toFixed(2)}`),
  );
  const any = make(
    "select",
    { "aria-label": "Any object query", onchange: () => any.value !== "" && on.pick(Number(any.value)) },
    make("option", { value: "" }, `any of the ${byQuery.length} queries …`),
    ...options,
  );
  let buttons = new Map();
  return {
    root: make("div", { class: "dl-queries" }, list, any),

    setDetections(shown) {
      buttons = new Map();
      for (const each of shown) {
        const swatch = make("span", { class: "dl-number" }, String(each.number));
        swatch.style.setProperty("--colour", each.colour);
        const button = make(
          "button",
          {
            type: "button",
            class: "dl-item",
            "aria-pressed": "false",
            "aria-label": `Detection ${each.number}: ${each.name}, score ${each.score.toFixed(2)}, query ${each.query}`,
            onpointerenter: () => on.pointAt(each.query),
            onclick: () => on.choose(each.query),
            // Only where the keyboard brought the focus: a click says what it wants by itself.
            onfocus: () => button.matches(":focus-visible") && on.pick(each.query),
          },
          swatch,
          make("span", { class: "dl-name" }, each.name),
          make("span", { class: "dl-score" }, each.score.toFixed(2)),
        );
        buttons.set(each.query, button);
      }
      list.replaceChildren(...(shown.length ? buttons.values() : [empty]));
    },

    mark(query) {
      for (const [each, button] of buttons) button.setAttribute("aria-pressed", String(each === query));
      any.value = query === null ? "" : String(query);
    },
  };
}

/** Whom a query listens to: bars of the strongest weights of its self-attention row. */
export function makeListening() {
  const title = make("h3");
  const list = make("ol", { class: "dl-bars" });
  const rows = Array.from({ length: LISTENED }, () => {
    const bar = make("span", { class: "dl-bar" });
    const name = make("span", { class: "dl-name" });
    const value = make("span", { class: "dl-score" });
    const row = make("li", {}, bar, name, value);
    return { row, bar, name, value };
  });
  const root = make("section", { class: "dl-listening" }, title, list);
  return {
    root,

    /** weights (Q,) of `query`, or null; names(query) -> words. */
    show(query, weights, names) {
      root.hidden = weights === null;
      if (weights === null) return;
      setText(title, `Who ${names(query)} listens to`);
      const order = Array.from(weights.keys()).sort((one, other) => weights[other] - weights[one]);
      list.replaceChildren(...rows.slice(0, weights.length).map(({ row }) => row));
      order.slice(0, LISTENED).forEach((each, place) => {
        const { bar, name, value } = rows[place];
        bar.style.width = `${100 * weights[each]}%`;
        setText(name, each === query ? "itself" : names(each));
        setText(value, asPercent(weights[each]));
      });
    },
  };
}
