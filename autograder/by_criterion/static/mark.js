// The page for marking: which answer is open, what is chosen for it, and what goes to the server.
import { element, KEPT_KEYS, plainPoints, showAnswer, showKept, showLevels, showOutputs, withPictures } from "./answer.js";

const NAMES =
  "title criteria bar count previous next unread undo message work code place stands outputs answer name step whole rubric levels comment kept keep save large picture";
// Found before any answer is there: no text of a student's can be taken for one of them.
const at = Object.fromEntries(NAMES.split(" ").map((name) => [name, document.getElementById(name)]));

// Which page this is: what it saved, it alone takes back. It stays one when it is loaded again.
const page = (sessionStorage.page ||= crypto.randomUUID());
let criteria = [];
let criterion = null;
let open = null; // the answer that is shown
let chosen = null; // points
let last = Promise.resolve(); // of what goes to the server, one thing after the other
let failures = 0;
let saving = 0;
const drafts = new Map(); // what was chosen or written and not saved, by criterion and code
const fetched = new Map(); // answers, or promises of them, by criterion, code and version

async function ask(what, body) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response, found;
  try {
    response = await fetch(`/api/${what}`, sent || {});
    found = await response.json();
  } catch {
    throw new Error("The server does not answer: is `autograder mark` still running? Nothing was saved.");
  }
  if (response.ok) return found;
  throw Object.assign(new Error(found.error), { now: found.now });
}

const key = (where, code) => `${where.id} ${code}`;
const index = () => criterion.answers.findIndex((each) => each.code === open.code);

function say(text, isBad = false) {
  at.message.textContent = text;
  at.message.classList.toggle("bad", isBad);
}

// One thing after the other; what was pressed before something failed is not done any more.
function alone(work) {
  const known = failures;
  last = last.then(async () => {
    if (known !== failures) return;
    try {
      await work();
    } catch (error) {
      failures += 1;
      say(error.message, true);
    }
  });
  return last;
}

function getAnswer(code) {
  const { version } = criterion.answers.find((each) => each.code === code);
  const name = `${key(criterion, code)} ${version}`;
  if (!fetched.has(name)) {
    if (fetched.size > 40) fetched.delete(fetched.keys().next().value);
    const query = new URLSearchParams({ criterion: criterion.id, code });
    const wanted = ask(`answer?${query}`).then(withPictures);
    fetched.set(name, wanted);
    wanted.catch(() => fetched.delete(name));
  }
  return fetched.get(name);
}

function nextUnread() {
  const from = open && open.criterion === criterion.id ? index() + 1 : 0;
  const turned = [...criterion.answers.slice(from), ...criterion.answers.slice(0, from)];
  return turned.find((each) => each.unread && each.code !== open?.code);
}

function fetchAhead() {
  const here = index();
  const wanted = [nextUnread(), criterion.answers[here + 1], criterion.answers[here - 1]];
  for (const each of wanted) if (each) getAnswer(each.code).catch(() => {});
}

async function show(code) {
  putAside();
  const answer = await getAnswer(code);
  paint({ ...answer, criterion: criterion.id });
  fetchAhead();
}

function paint(answer) {
  open = answer;
  const draft = drafts.get(key(criterion, answer.code));
  chosen = draft ? draft.score : answer.score;
  at.comment.value = draft ? draft.comment : answer.comment;
  at.code.textContent = answer.code;
  at.place.textContent = `answer ${index() + 1} of ${criterion.answers.length}`;
  at.stands.textContent = standing(answer) + (draft ? " · not saved yet" : "");
  showOutputs(at.outputs, answer.outputs, enlarge);
  showAnswer(at.answer, answer);
  paintMark();
  paintProgress();
  history.replaceState(null, "", `/#${encodeURIComponent(criterion.id)}&${answer.code}`);
  document.body.dataset.shown = key(criterion, answer.code);
}

function standing(answer) {
  if (answer.kind !== "written" && answer.score === null) return "· needs no reading";
  const given = answer.score === null ? "" : `: ${plainPoints(answer.score)}`;
  const extra = answer.extra ? `, ${answer.extra} extra` : "";
  if (!answer.unread) return `· read${given}${extra}`;
  return given ? `· the answer or its criterion has changed since it had ${plainPoints(answer.score)}` : "· not read yet";
}

// What other answers change: how often each level was given, and how many are left.
function paintAround() {
  showLevels(at.levels, criterion, chosen, choose);
  paintProgress();
}

function paintMark() {
  showLevels(at.levels, criterion, chosen, choose);
  showKept(at.kept, criterion.comments, useComment, (text) => keepComment(text, false));
}

function paintProgress() {
  const toRead = criterion.answers.filter((each) => each.kind === "written");
  const read = toRead.filter((each) => !each.unread).length;
  at.bar.max = toRead.length || 1;
  at.bar.value = read;
  at.count.textContent = `${read} of ${toRead.length} read`;
  for (const [i, each] of criteria.entries()) {
    const left = each.answers.filter((answer) => answer.unread).length;
    at.criteria.options[i].textContent = `${each.name} · ${left ? `${left} unread` : "done"}`;
  }
}

function openCriterion(wanted) {
  putAside();
  criterion = wanted;
  at.criteria.value = wanted.id;
  at.name.textContent = `${wanted.name} · ${plainPoints(wanted.points)}`;
  at.step.textContent = wanted.step;
  at.rubric.innerHTML = wanted.rubric;
  at.whole.hidden = wanted.rubric === "";
  at.whole.open = !wanted.levels.some((level) => level.text);
}

async function go(wanted, code) {
  openCriterion(wanted);
  const first = code ?? (nextUnread() ?? wanted.answers[0])?.code;
  if (first) await show(first);
}

function putAside() {
  if (!open || open.criterion !== criterion.id) return;
  const name = key(criterion, open.code);
  const differs = chosen !== open.score || at.comment.value.trim() !== open.comment;
  if (differs) drafts.set(name, { score: chosen, comment: at.comment.value });
  else drafts.delete(name);
}

function choose(points) {
  chosen = points;
  showLevels(at.levels, criterion, chosen, choose);
  say("");
}

function useComment(text) {
  const before = at.comment.value.trim();
  if (!before.includes(text)) at.comment.value = before ? `${before}\n${text}` : text;
}

const keepComment = (text, keep) =>
  alone(async () => {
    if (!text.trim()) return say("Write a comment first; it is then kept for other answers to this criterion.", true);
    criterion.comments = await ask("comment", { criterion: criterion.id, text, keep });
    paintMark();
    say(keep ? "Kept for other answers to this criterion." : "No longer kept.");
  });

// The next answer is shown while the disk still writes; it gives way again where the save is refused.
const save = () =>
  alone(async () => {
    if (!open) return;
    if (chosen === null) return say("Choose points first.", true);
    const [where, code, mine] = [criterion, open.code, { score: chosen, comment: at.comment.value }];
    saving += 1;
    try {
      const saved = ask("save", { criterion: where.id, code, version: open.version, page, ...mine });
      saved.catch(() => {}); // it is looked at below
      drafts.delete(key(where, code));
      [chosen, at.comment.value] = [open.score, open.comment]; // what is on its way is no draft
      at.comment.blur();
      const next = nextUnread();
      say(`Saving ${code} ...`);
      const goneOn = next && (await show(next.code).then(() => true, () => false));
      const found = await saved;
      where.answers = found.answers;
      if (goneOn) paintAround();
      else await show(code);
      const done = next ? "" : " All answers to this criterion are read: choose the next one above.";
      say(`Saved: ${code}, ${plainPoints(found.answer.score)}.${done}`);
    } catch (error) {
      await giveWay(error, where, code, mine);
    } finally {
      saving -= 1;
    }
  });

// Not saved: the answer is shown again, as it stands now, and what was chosen for it is not lost.
async function giveWay(error, where, code, mine) {
  failures += 1;
  putAside();
  openCriterion(where);
  if (!error.now) {
    drafts.set(key(where, code), mine);
    await show(code);
    return say(error.message, true);
  }
  await reload(where.id, code); // with the criterion as it is now, which may have changed, too
  const comment = mine.comment.trim() && mine.comment.trim() !== open.comment ? `, “${mine.comment.trim()}”` : "";
  say(`${error.message} You had chosen ${plainPoints(mine.score)}${comment}.`, true);
}

const undo = () =>
  alone(async () => {
    let found;
    try {
      found = await ask("undo", { page });
    } catch (error) {
      if (!error.now) throw error;
      const wanted = criteria.find((each) => each.id === error.now.criterion);
      await reload(wanted.id, error.now.code);
      throw error; // which says it
    }
    const wanted = criteria.find((each) => each.id === found.criterion);
    wanted.answers = found.answers;
    drafts.delete(key(wanted, found.answer.code));
    open = null; // what was chosen there is taken back, not put aside
    await go(wanted, found.answer.code);
    say(`Taken back: ${found.answer.code} is as it was before.`);
  });

const step = (by) =>
  alone(async () => {
    const wanted = open && criterion.answers[index() + by];
    if (wanted) await show(wanted.code);
    say(wanted ? "" : `There is no ${by > 0 ? "next" : "previous"} answer.`);
  });

const toUnread = () =>
  alone(async () => {
    const wanted = nextUnread();
    if (wanted) await show(wanted.code);
    say(wanted ? "" : "All answers to this criterion are read.");
  });

function enlarge(uri) {
  at.picture.src = uri;
  at.large.showModal();
}

async function reload(id, code) {
  const found = await ask("overview");
  criteria = found.criteria;
  at.title.textContent = `Marking ${found.assignment}`;
  document.title = at.title.textContent;
  at.criteria.replaceChildren(...criteria.map((each) => element("option", { value: each.id })));
  const wanted = criteria.find((each) => each.id === id);
  const unread = criteria.find((each) => each.answers.some((answer) => answer.unread));
  open = null;
  const known = wanted?.answers.some((each) => each.code === code);
  await go(wanted ?? unread ?? criteria[0], known ? code : undefined);
}

const PRESSED = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  n: toUnread,
  z: undo,
  c: () => at.comment.focus(),
  k: () => keepComment(at.comment.value, true),
  v: () => at.outputs.querySelector("button.figure")?.click(),
  Enter: save,
};

function pressed(event) {
  if (at.large.open) {
    if (event.key === "v") at.large.close();
    return;
  }
  if (event.target === at.comment) {
    if (event.key === "Escape") at.comment.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target === at.criteria) return;
  if (event.key === "Enter" && event.target.closest("button:not(.level), a, summary")) return;
  if (event.target === at.outputs && event.key.startsWith("Arrow")) return; // it scrolls
  if (!open) return;
  const text = criterion.comments[KEPT_KEYS.indexOf(event.key)];
  const half = (event.key === "." || event.key === ",") && chosen !== null && Math.floor(chosen) + 0.5;
  const points = /^\d$/.test(event.key) ? Number(event.key) : half;
  if (points !== false && criterion.levels.some((level) => level.points === points)) choose(points);
  else if (text !== undefined) useComment(text);
  else if (Object.hasOwn(PRESSED, event.key)) PRESSED[event.key]();
  else return;
  event.preventDefault();
}

addEventListener("keydown", pressed);
addEventListener("beforeunload", (event) => {
  if (criterion) putAside();
  if (drafts.size || saving) event.preventDefault();
});
at.criteria.addEventListener("change", () =>
  alone(() => {
    at.criteria.blur();
    say("");
    return go(criteria.find((each) => each.id === at.criteria.value));
  }),
);
at.previous.addEventListener("click", () => step(-1));
at.next.addEventListener("click", () => step(1));
at.unread.addEventListener("click", toUnread);
at.undo.addEventListener("click", undo);
at.save.addEventListener("click", save);
at.keep.addEventListener("click", () => keepComment(at.comment.value, true));
at.large.addEventListener("click", () => at.large.close());
// After a click Enter saves, instead of pressing the same button once more.
addEventListener("click", (event) => event.detail > 0 && event.target.closest("button")?.blur());

const [id, code] = location.hash.slice(1).split("&");
alone(() => reload(decodeURIComponent(id), code));
