/* The explorer in a notebook: what anywidget loads. */
import { mountExplorer } from "./explorer.js";
import { askingSource, localSource } from "./source.js";

function render({ model, el }) {
  const meta = model.get("meta");
  const bytes = model.get("data");
  const pictureUrl = URL.createObjectURL(new Blob([model.get("picture")], { type: "image/webp" }));
  const source = meta.whole ? localSource(meta, bytes) : askingSource(model);
  const root = document.createElement("div");
  el.append(root);
  mountExplorer(root, meta, bytes, pictureUrl, source);
  return () => URL.revokeObjectURL(pictureUrl);
}

export default { render };
