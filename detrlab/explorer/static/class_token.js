/* The class token of a vision transformer: it lies nowhere in the picture, so it is a button beside it. */
import { make } from "./dom.js";
import { makeField } from "./layout.js";

/** { root, mark }. choose: what a click does; pointAt: what the mouse over it does. */
export function makeClassToken(choose, pointAt) {
  const button = make(
    "button",
    { type: "button", class: "dl-item", "aria-pressed": "false", onclick: choose, onpointerenter: pointAt },
    make("span", { class: "dl-name" }, "class token"),
  );
  const hint = make("p", { class: "dl-hint" }, "Its output stands for the whole picture; all other tokens are patches.");
  return {
    root: makeField("Who looks", button, hint),

    mark(chosen) {
      button.setAttribute("aria-pressed", String(chosen));
    },
  };
}
