// What one answer and its criterion look like; the page's own state is in mark.js.

export const KEPT_KEYS = ["a", "s", "d", "f", "g"];
const NOTHING_TO_READ = {
  untouched: "No response: the cell is as it was released. Nothing to read.",
  "not handed in": "This notebook was not handed in. Nothing to read.",
  "could not grade": "This notebook could not be graded (the class report says why). Nothing to read here.",
};

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function plainPoints(points) {
  return points === 1 ? "1 point" : `${points} points`;
}

export function showAnswer(box, answer) {
  const read = answer.kind === "written";
  box.classList.toggle("nothing", !read);
  // The server's safe HTML: no scripts, forms, ids, addresses; the page's policy refuses them besides.
  if (read) box.innerHTML = answer.html;
  else box.textContent = NOTHING_TO_READ[answer.kind];
  box.scrollTop = 0;
}

// The answer's pictures, decoded before it is its turn to be shown.
export function withPictures(answer) {
  for (const output of answer.outputs) {
    if (!output.picture) continue;
    output.image = element("img", { src: output.picture });
    output.image.decode().catch(() => {}); // a damaged picture shows as its name
  }
  return answer;
}

// Those since the written cell before come first: they were made for this answer.
export function showOutputs(box, outputs, enlarge) {
  const near = outputs.filter((output) => output.near);
  const far = outputs.filter((output) => !output.near);
  box.replaceChildren(...[...near, ...far].map((output, at) => oneOutput(output, at, enlarge)));
  box.hidden = outputs.length === 0;
  box.classList.toggle("few", outputs.length <= 3);
  box.scrollLeft = 0;
}

function oneOutput(output, at, enlarge) {
  const part = output.near ? "" : "earlier";
  if (output.text !== undefined) return element("pre", { className: part, textContent: output.text });
  output.image.alt = `Figure ${at + 1} of this step`;
  const button = element("button", { className: `figure ${part}`, title: "Enlarge" }, output.image);
  button.addEventListener("click", () => enlarge(output.picture));
  return button;
}

// The key that is pressed for so many points, as it is written on the button.
function keyOf(points) {
  if (points > 9.5) return "";
  return Number.isInteger(points) ? String(points) : `${Math.floor(points)} .`;
}

export function showLevels(box, criterion, chosen, choose) {
  const counts = new Map();
  for (const each of criterion.answers) {
    if (each.score !== null && !each.unread) counts.set(each.score, (counts.get(each.score) ?? 0) + 1);
  }
  box.classList.toggle("named", criterion.levels.some((level) => level.text));
  box.replaceChildren(
    ...criterion.levels.map((level) => {
      const given = counts.get(level.points) ?? 0;
      const button = element(
        "button",
        { className: "level", title: `Given to ${given} so far` },
        element("b", { textContent: level.points }),
        element("span", { innerHTML: level.text && level.html }),
        element("small", { textContent: given ? `× ${given}` : "" }),
        element("kbd", { textContent: keyOf(level.points) }),
      );
      button.setAttribute("aria-pressed", String(level.points === chosen));
      button.setAttribute("aria-label", `${plainPoints(level.points)}${level.text ? `: ${level.text}` : ""}`);
      button.addEventListener("click", () => choose(level.points));
      return button;
    }),
  );
}

export function showKept(box, comments, use, drop) {
  box.replaceChildren(
    ...comments.map((text, at) => {
      const key = KEPT_KEYS[at];
      const put = element("button", { className: "use", title: text }, ...(key ? [element("kbd", { textContent: key })] : []));
      put.append(element("span", { textContent: text }));
      put.addEventListener("click", () => use(text));
      const gone = element("button", { className: "drop", textContent: "×", title: "No longer keep this comment" });
      gone.setAttribute("aria-label", `No longer keep: ${text}`);
      gone.addEventListener("click", () => drop(text));
      return element("li", {}, put, gone);
    }),
  );
}
