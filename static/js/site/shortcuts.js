// Keys: single keys that go somewhere, and the sheet that names them. What each does stands in base.html, for all to read.
//
// A key means this only where nobody types. Who reaches single keys by accident – by voice, or with a tremor – can switch them off on the
// sheet (WCAG 2.1.4); `?` and the button that opens the sheet stay.

import { recall, remember } from "./storage.js";

const KEPT = "single-keys";
const WRITING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]";
const EXPERIMENTS = ".experiment";
const EXERCISE = ".exercise";

const sheet = document.querySelector("#keys");
const opener = document.querySelector("#open-keys");
const wanted = sheet.querySelector("input");

const ACTS = {
  n: () => follow("link[rel=next]"),
  p: () => follow("link[rel=prev]"),
  c: () => location.assign("/"),
  e: () => show(below(EXPERIMENTS) ?? document.querySelector(EXPERIMENTS)),
  x: () => show(document.querySelector(EXERCISE)),
  d: () => document.querySelector("#theme").click(),
};

wanted.checked = recall(KEPT, true);
wanted.addEventListener("change", () => remember(KEPT, wanted.checked));
opener.hidden = false;
opener.addEventListener("click", () => sheet.showModal());
sheet.addEventListener("click", ({ target }) => target === sheet && sheet.close());

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(WRITING)) return;
  if (event.key === "?") sheet.open ? sheet.close() : sheet.showModal();
  else if (!sheet.open && wanted.checked) ACTS[event.key]?.();
});

function follow(selector) {
  const address = document.querySelector(selector)?.href;
  if (address) location.assign(address);
}

/** Find the first that begins below what has the focus, or below the top of the window. */
function below(selector) {
  const here = document.activeElement.closest(selector);
  const all = Array.from(document.querySelectorAll(selector));
  return here ? all[all.indexOf(here) + 1] : all.find((one) => one.getBoundingClientRect().top > 1);
}

/** Bring a place to the top, its bets before it, and the focus to it: not to a field, where the next key would be typed. */
function show(place) {
  if (!place) return;
  let top = place;
  while (top.previousElementSibling?.matches("x-bet")) top = top.previousElementSibling;
  top.scrollIntoView({ block: "start" });
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}
