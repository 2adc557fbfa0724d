// Single keys that go somewhere, and the dialog that lists them (in base.html).
//
// A key means this only where nobody types. People who press single keys by accident – by voice, or with a
// tremor – can switch them off in the dialog (WCAG 2.1.4); `?` and the button that opens the dialog stay.

import { isBoolean, recall, remember } from "./storage.js";

const STORED = "single-keys";
const WRITING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]";
const EXPERIMENTS = ".experiment";
const EXERCISE = ".exercise";

const dialog = /** @type {HTMLDialogElement} */ (document.querySelector("#keys"));
const opener = /** @type {HTMLElement} */ (document.querySelector("#open-keys"));
const wanted = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));

/** @type {Record<string, () => void>} */
const ACTIONS = {
  n: () => follow("link[rel=next]"),
  p: () => follow("link[rel=prev]"),
  c: () => location.assign("/"),
  e: () => show(below(EXPERIMENTS) ?? document.querySelector(EXPERIMENTS)),
  x: () => show(document.querySelector(EXERCISE)),
  d: () => /** @type {HTMLElement} */ (document.querySelector("#theme")).click(),
};

wanted.checked = recall(STORED, isBoolean, true);
wanted.addEventListener("change", () => remember(STORED, wanted.checked));
opener.hidden = false;
opener.addEventListener("click", () => dialog.showModal());
dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

document.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey, target }) => {
  if (ctrlKey || metaKey || altKey || /** @type {Element} */ (target).closest(WRITING)) return;
  if (key !== "?") dialog.open || !wanted.checked || ACTIONS[key]?.();
  else if (dialog.open) dialog.close();
  else dialog.showModal();
});

/** @param {string} selector */
function follow(selector) {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector(selector));
  if (link) location.assign(link.href);
}

/** Find the first that begins below what has the focus, or below the top of the window. */
function below(selector) {
  const here = document.activeElement.closest(selector);
  const all = Array.from(document.querySelectorAll(selector));
  return here ? all[all.indexOf(here) + 1] : all.find((one) => one.getBoundingClientRect().top > 1);
}

/**
 * Bring a place to the top, its bets before it, and the focus to it: not to a field, where the next key would
 * be typed.
 */
function show(place) {
  if (!place) return;
  let top = place;
  while (top.previousElementSibling?.matches("x-bet")) top = top.previousElementSibling;
  top.scrollIntoView({ block: "start" });
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}
