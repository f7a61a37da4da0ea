/* Making elements, with few words. */

let uniqueNumber = 0;

/** An id (or a name of radio buttons) that no other element on the page has. */
export function uniqueId(what) {
  return `dl-${what}-${++uniqueNumber}-${Math.random().toString(36).slice(2, 7)}`;
}

/** An element with attributes (functions become listeners: onclick) and children (elements or texts). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** The same for drawings. */
export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** Makes `root` the root of a widget. JupyterLab hears keys before any element in the page does (an arrow moves the
    notebook, x cuts a cell). It leaves alone what carries this attribute, but looks for it from the focused element
    upwards and stops at the first that fits a shortcut, which is the focused element itself: the root would be too late.
    Where a cell is clicked beside its text it keeps the browser from moving the focus; so the widget gives it up. */
export function makeRoot(root, ...names) {
  root.classList.add("dl-explorer", ...names);
  const leave = ({ target }) => root.contains(target) || root.querySelector(":focus")?.blur();
  root.addEventListener("focusin", ({ target }) => {
    target.setAttribute("data-lm-suppress-shortcuts", "true");
    document.addEventListener("pointerdown", leave, true);
  });
  root.addEventListener("focusout", () => document.removeEventListener("pointerdown", leave, true));
}

/** Sets a text only where it changes, which spares the browser a layout. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else element.setAttribute(name, value);
  }
}
