// This page's own label, which its requests carry, so that the X-ray can show a reader their own.
//
// A parameter that the contract doesn't name is ignored by the server: it is a label, and no right comes with
// it.

const random = crypto.getRandomValues(new Uint8Array(3));

/** Different in each page that is open. */
export const PAGE_LABEL = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Write this page's label on an address.
 * @param {string} address
 * @returns {string}
 */
export function labelled(address) {
  const url = new URL(address, location.href);
  url.searchParams.set("client", PAGE_LABEL);
  return url.href;
}

/**
 * As the browser's own, but each address carries this page's label.
 * @type {import("../client/contract.js").Network}
 */
export const labelledNetwork = {
  fetch: (address, request) => fetch(labelled(address), request),
  WebSocket: class extends WebSocket {
    /** @param {string} address */
    constructor(address) {
      super(labelled(address));
    }
  },
  EventSource: class extends EventSource {
    /** @param {string} address */
    constructor(address) {
      super(labelled(address));
    }
  },
};
