/* Small maps side by side: all heads of the layer, or all layers of the head. Each from 0 to its own maximum. */
import { make, setText } from "./dom.js";
import { paintMap } from "./painting.js";
import { asPercent } from "./words.js";

/** `choose(panel)`: what a click on one of them does; panel is [layer, head]. */
export function makeMultiples(meta, pictureUrl, colours, choose) {
  const root = make("div", { class: "dl-multiples", role: "group", "aria-label": "Side by side" });
  const { width, height } = meta.picture;
  let tiles = [];
  return {
    root,

    /** panels: [[layer, head], ...] with their titles; an empty list hides everything. */
    setPanels(panels, titles) {
      tiles = panels.map((panel, place) => {
        const canvas = make("canvas", { class: "dl-map" });
        canvas.style.width = `${(100 * meta.grid.W * meta.grid.cell_width) / width}%`;
        canvas.style.height = `${(100 * meta.grid.H * meta.grid.cell_height) / height}%`;
        const picture = make("span", { class: "dl-clip" }, make("img", { src: pictureUrl, alt: "" }), canvas);
        picture.style.setProperty("--ratio", width / height);
        const peak = make("span", { class: "dl-score" });
        const tile = make(
          "button",
          { type: "button", class: "dl-tile", onclick: () => choose(panel) },
          picture,
          make("span", { class: "dl-name" }, titles[place]),
          peak,
        );
        return { tile, canvas, peak, panel };
      });
      root.hidden = tiles.length === 0;
      root.replaceChildren(...tiles.map(({ tile }) => tile));
    },

    show(maps, [chosenLayer, chosenHead]) {
      tiles.forEach(({ tile, canvas, peak, panel: [layer, head] }, place) => {
        setText(peak, `max ${asPercent(paintMap(canvas, maps[place], meta.grid, colours))}`);
        tile.setAttribute("aria-pressed", String(layer === chosenLayer && head === chosenHead));
      });
    },
  };
}
