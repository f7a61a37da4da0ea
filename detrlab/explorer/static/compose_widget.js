/* The composer in a notebook: what anywidget loads. Jupyter's widgets send one change at a time, and of those that
   come meanwhile the last, so a drag never piles up. */
import { mountComposer } from "./compose.js";
import { pictureUrls } from "./pictures.js";

function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const composer = mountComposer(root, model.get("choices"), model.get("arrangement"), (arrangement) => {
    model.set("arrangement", structuredClone(arrangement));
    model.save_changes();
  });
  const pictures = pictureUrls();
  const show = () => composer.show(pictures.next(model.get("picture_file")), model.get("result"));
  model.on("change:result", show);
  show();
  return () => {
    model.off("change:result", show);
    pictures.close();
  };
}

export default { render };
