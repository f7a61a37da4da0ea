/* The numbers of the map on show, as tables; whatever is said beside the mouse also stands here. */
import { inBox } from "./attention_math.js";
import { make, setText } from "./dom.js";
import { placeOf } from "./grid.js";
import { asPercent, asTimes } from "./words.js";

/** { root, show }: tables that are filled anew with every move. */
export function makeNumbers(meta) {
  const general = make("tbody");
  const perBox = make("tbody");
  const heads = ["Attention in the box of", "share", "times its area"].map((text) => make("th", { scope: "col" }, text));
  const boxes = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), perBox);
  const rows = {
    from: addLine(general, "Looks from"),
    entropy: addLine(general, "Spread (entropy)", "0 all on one cell, 1 even"),
    strongest: addLine(general, "Strongest cell"),
    received: addLine(general, "Received in all", "1 is the average of all cells"),
    cls: addLine(general, "Given to the class token"),
    under: addLine(general, "Under the mouse"),
  };
  let boxRows = [];

  return {
    root: make("div", { class: "dl-numbers" }, make("table", {}, general), make("div", {}, boxes)),

    /** The detections whose boxes get a row: [{ number, name, colour, cover }]. */
    setBoxes(shown) {
      boxes.hidden = shown.length === 0;
      boxRows = shown.map((each) => {
        const swatch = make("span", { class: "dl-number" }, String(each.number));
        swatch.style.setProperty("--colour", each.colour);
        const cells = [make("td"), make("td")];
        const row = make("tr", {}, make("th", { scope: "row" }, swatch, ` ${each.name}`), ...cells);
        return { ...each, row, cells };
      });
      perBox.replaceChildren(...boxRows.map(({ row }) => row));
    },

    /** map: weights of the cells; summary: its summaryOf; from: who looks, in words; under: cell or null; ofClass: the
        weight of the class token, or null where there is none. */
    show({ map, summary, from, column, under, chosen, ofClass }) {
      setText(rows.from.name, column ? "Looked at" : "Looks from");
      setText(rows.from.value, from);
      setText(rows.entropy.value, summary.entropy.toFixed(2));
      const { row, column: at } = placeOf(meta.grid, summary.peakAt);
      setText(
        rows.strongest.value,
        `${asPercent(summary.peak)} (row ${row}, column ${at})`,
      );
      rows.received.row.hidden = !column;
      setText(rows.received.value, summary.sum.toFixed(2));
      rows.cls.row.hidden = ofClass === null;
      setText(rows.cls.name, column ? "Given by the class token" : "Given to the class token");
      setText(rows.cls.value, asPercent(ofClass ?? 0));
      setText(rows.under.value, under === null ? "–" : underWords(meta, map, under));
      for (const each of boxRows) {
        const { mass, lift } = inBox(map, summary.sum, each.cover);
        setText(each.cells[0], asPercent(mass));
        setText(each.cells[1], asTimes(lift));
        each.row.classList.toggle("dl-chosen", each.query === chosen);
      }
    },
  };
}

/** "3.1 % (row 5, column 9)". */
export function underWords(meta, map, cell) {
  const { row, column } = placeOf(meta.grid, cell);
  return `${asPercent(map[cell])} (row ${row}, column ${column})`;
}

function addLine(body, label, hint = "") {
  const name = make("span", {}, label);
  const heading = make("th", { scope: "row" }, name);
  if (hint) heading.append(make("small", {}, hint));
  const value = make("td");
  const row = make("tr", {}, heading, value);
  body.append(row);
  return { row, name, value };
}
