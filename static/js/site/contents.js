// On the page of contents: what is read, which bets are placed, and where to go on.

import { bets } from "./bets.js";
import { element } from "./element.js";
import { nextOf, progress } from "./progress.js";

const items = /** @type {HTMLLIElement[]} */ ([...document.querySelectorAll(".chapters li")]);
const placed = Object.values(await bets());
const reached = progress();

for (const item of items) {
  const all = Number(item.dataset.bets);
  const done = placed.filter(({ chapter }) => chapter === item.value).length;
  const marks = [];
  if (reached.read.includes(item.value)) marks.push(element("span.mark", {}, "✓ read"));
  if (done) marks.push(betsMark(Math.min(done, all), all));
  item.querySelector(".marks")?.prepend(...marks);
}
if (reached.last !== null)
  showNext(
    nextOf(
      items.map(({ value }) => value),
      reached,
    ),
  );

/** @param {number} done @param {number} all */
function betsMark(done, all) {
  const bets = all === 1 ? "bet" : "bets";
  if (done === all) return element("span.mark", {}, `✓ ${all} ${bets} placed`);
  return element("span.mark.part", {}, `${done} of ${all} ${bets} placed`);
}

/** @param {number | null} chapter */
function showNext(chapter) {
  const link = /** @type {HTMLAnchorElement} */ (document.querySelector(".continue"));
  const title = items.find(({ value }) => value === chapter)?.querySelector("a");
  link.hidden = !title;
  if (!title) return;
  link.href = title.href;
  link.textContent = `Continue with chapter ${chapter}: ${title.textContent}`;
}
