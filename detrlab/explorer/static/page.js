/* The explorer in a page of its own: everything it needs stands in the page. */
import { mountExplorer } from "./explorer.js";
import { localSource } from "./source.js";

const textOf = (id) => document.getElementById(id).textContent;

/** The bytes of a base64 text. */
function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const pageMeta = JSON.parse(textOf("meta"));
const pageBytes = bytesOf(textOf("data"));
const pageRoot = document.getElementById("explorer");
const pictureAddress = `data:image/webp;base64,${textOf("picture")}`;
mountExplorer(pageRoot, pageMeta, pageBytes, pictureAddress, localSource(pageMeta, pageBytes));

// Inside an exported notebook: take the place of the figure that stands there for readers without scripts. A frame
// that may not reach out stays closed, and the figure stays.
const frame = window.frameElement;
if (frame) {
  // Here a share of the window's height would be one of the frame's own, which follows from the picture.
  pageRoot.style.setProperty("--tallest", `${Math.round(0.65 * window.parent.innerHeight)}px`);
  frame.previousElementSibling?.remove();
  new ResizeObserver(() => {
    frame.style.height = `${document.documentElement.scrollHeight}px`;
  }).observe(document.body);
}
