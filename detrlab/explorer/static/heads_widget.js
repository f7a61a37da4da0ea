/* Switching heads off in a notebook: what anywidget loads. */
import { mountHeads } from "./heads.js";
import { pictureUrls } from "./pictures.js";

function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const pictures = pictureUrls();
  const url = pictures.next(model.get("picture_file"));
  const heads = mountHeads(root, model.get("meta"), url, model.get("off"), (off) => {
    model.set("off", off);
    model.save_changes();
  });
  const show = () => heads.show(model.get("result"));
  model.on("change:result", show);
  show();
  return () => {
    model.off("change:result", show);
    pictures.close();
  };
}

export default { render };
