/* A live view in a page of its own: everything it needs stands in the page. */

const textOf = (id) => document.getElementById(id).textContent;

/** The bytes of a base64 text. */
function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Builds the view by mount(root, meta, bytes, pictureUrl). */
export function openPage(mount) {
  const root = document.getElementById("explorer");
  const meta = JSON.parse(textOf("meta"));
  mount(root, meta, bytesOf(textOf("data")), `data:image/webp;base64,${textOf("picture")}`);

  // Inside an exported notebook: take the place of the figure that stands there for readers without scripts. A frame
  // that may not reach out stays closed, and the figure stays.
  const frame = window.frameElement;
  if (!frame) return;
  // Here a share of the window's height would be one of the frame's own, which follows from the picture.
  root.style.setProperty("--tallest", `${Math.round(0.65 * window.parent.innerHeight)}px`);
  frame.previousElementSibling?.remove();
  new ResizeObserver(() => {
    frame.style.height = `${document.documentElement.scrollHeight}px`;
  }).observe(document.body);
}
