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
export function headline({ query, column }, names) {
  if (query !== null) return `Where ${names(query)} looks`;
  return column ? "Who looks at this point" : "Where this point looks";
}

/** Which attention that is; panel is [layer, head]. */
export function subline(kind, [layer, head], layers, heads) {
  const name = kind === "encoder" ? "Encoder self-attention" : "Decoder cross-attention";
  const which = head === "mean" ? `mean of ${heads} heads` : `head ${head} of 0–${heads - 1}`;
  return `${name} · layer ${layer} of 0–${layers - 1} · ${which}`;
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
