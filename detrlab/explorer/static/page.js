/* The attention explorer in a page of its own. */
import { mountExplorer } from "./explorer.js";
import { openPage } from "./open_page.js";
import { localSource } from "./source.js";

openPage((root, meta, bytes, pictureUrl) => {
  mountExplorer(root, meta, bytes, pictureUrl, localSource(meta, bytes));
});
