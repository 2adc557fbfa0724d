// The lines above the panes that say which transport is the learner's own file (`python -m tutorial --mine 4`),
// and what went wrong with it last. The server knows; we poll it, every two seconds.

import { element } from "../site/element.js";
import { transportNamed } from "../transports.js";

const POLL_MS = 2000;

const list = /** @type {HTMLElement} */ (document.querySelector("#own-files"));
let shown = "";

/**
 * @typedef {{path: string, transport: string, read_at: number, failure: string, failed_at: number}} OwnFile
 */

/** @param {OwnFile} file */
function itemOf({ path, transport, read_at, failure, failed_at }) {
  const { label } = transportNamed(transport);
  const name = label[0].toUpperCase() + label.slice(1);
  const read = ` here is your own file: ${path}, read at ${clock(read_at)}.`;
  const item = element("li", {}, element("strong", {}, name), read);
  if (failure) item.append(element("p.failure", {}, `${clock(failed_at)}: ${failure}`));
  return item;
}

/** @param {number} seconds  since 1970 */
function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
}

async function show() {
  try {
    const response = await fetch("/own-files", { cache: "no-store" });
    const text = await response.text();
    if (text !== shown) list.replaceChildren(...JSON.parse(text).files.map(itemOf));
    shown = text;
  } catch {
    // The server is away; the panes say so.
  }
}

setInterval(show, POLL_MS);
show();
