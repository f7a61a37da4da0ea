/* The caption explorer in a notebook: what anywidget loads. */
import { mountCaption } from "./caption.js";
import { pictureUrls } from "./pictures.js";

function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const pictures = pictureUrls();
  mountCaption(root, model.get("meta"), model.get("data"), pictures.next(model.get("picture")));
  return () => pictures.close();
}

export default { render };
