/* The few controls, made of the browser's own radio buttons and sliders: keyboards and screen readers know them. */
import { make, setText, uniqueId } from "./dom.js";

/** A row of choices that exclude each other. choices: [[value, label, title?], ...]. */
export function makeChoice(label, choices, value, onChange, hint = "") {
  const name = uniqueId("choice");
  const inputs = new Map();
  const segments = choices.map(([each, text, title = ""]) => {
    const input = make("input", { type: "radio", name, onchange: () => onChange(each) });
    inputs.set(each, input);
    return make("label", { title }, input, make("span", {}, text));
  });
  const group = make("div", { class: "dl-segments" }, ...segments);
  const root = make("fieldset", { class: "dl-field" }, make("legend", {}, label), group);
  if (hint) root.append(make("p", { class: "dl-hint" }, hint));
  const choice = {
    root,
    set(chosen) {
      inputs.get(chosen).checked = true;
    },
    enable(yes) {
      root.disabled = !yes;
    },
  };
  choice.set(value);
  return choice;
}

/** A slider that says its value; range: [least, most, step]. */
export function makeSlider(label, value, onChange, [min, max, step] = [0, 1, 0.01]) {
  const id = uniqueId("slider");
  const digits = step < 1 ? 2 : 0;
  const shown = make("output", { for: id });
  const input = make("input", { id, type: "range", min, max, step });
  const say = () => setText(shown, Number(input.value).toFixed(digits));
  input.addEventListener("input", () => {
    say();
    onChange(Number(input.value));
  });
  const slider = {
    root: make("div", { class: "dl-field dl-slider" }, make("label", { for: id }, label), shown, input),
    set(chosen) {
      input.value = chosen;
      say();
    },
  };
  slider.set(value);
  return slider;
}
