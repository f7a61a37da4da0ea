/* The explorer's sentences and how it writes numbers. */

/** 0.0831 -> "8.3 %". */
export function asPercent(share) {
  const percent = 100 * share;
  return `${percent >= 9.95 ? percent.toFixed(0) : percent >= 0.1 ? percent.toFixed(1) : percent.toFixed(2)} %`;
}

/** 21.4 -> "21 ×". */
export function asTimes(factor) {
  return `${factor >= 9.95 ? factor.toFixed(0) : factor.toFixed(1)} ×`;
}

/** What the map shows, in a few words. names(query) -> words. */
export function headline({ query, cls, column }, names) {
  if (query !== null) return `Where ${names(query)} looks`;
  if (cls) return column ? "Who looks at the class token" : "Where the class token looks";
  return column ? "Who looks at this point" : "Where this point looks";
}

const ATTENTIONS = { encoder: "Encoder self-attention", cross: "Decoder cross-attention", alone: "Self-attention" };

/** Which attention that is; panel is [layer, head]; "alone" is an encoder without a decoder. */
export function subline(kind, [layer, head], layers, heads) {
  const name = ATTENTIONS[kind];
  const which = head === "mean" ? `mean of ${heads} heads` : numbered("head", head, heads);
  return `${name} · ${numbered("layer", layer, layers)} · ${which}`;
}

/** ("layer", 1, 3) -> "layer 1 (2nd of 3)": the code counts from 0, readers from 1. */
export function numbered(what, number, count) {
  const place = number === count - 1 ? "last" : (["1st", "2nd", "3rd"][number] ?? `${number + 1}th`);
  return `${what} ${number} (${place} of ${count})`;
}

/** (1, "head") -> "1 head", (2, "head") -> "2 heads". */
export function howMany(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** How one lets go or takes hold. */
export function holdLine(held) {
  if (matchMedia("(hover: none)").matches) return "Tap a point of the picture, or slide a finger across it.";
  return held
    ? "Held. Click the picture or press Esc to let go."
    : "Move over the picture: the attention follows. Click to hold.";
}
