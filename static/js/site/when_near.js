// The scripts of a chapter's experiments: each is fetched when the reader comes near it, a screen before it is seen.
//
// Until then a placeholder takes the experiment's place, so nothing moves when its script comes.

const NEAR = "100% 0px"; // one screen above and below

const watching = new IntersectionObserver(
  (entries) =>
    entries.filter(({ isIntersecting }) => isIntersecting).forEach(({ target }) => fetchScript(target)),
  { rootMargin: NEAR },
);

/** @param {Element} frame */
function fetchScript(frame) {
  watching.unobserve(frame);
  import(/** @type {HTMLElement} */ (frame).dataset.script);
}

document.querySelectorAll("[data-script]").forEach((frame) => watching.observe(frame));
