// This page's own name, which its requests carry, so that the X-ray can show a reader their own.
//
// A parameter that the contract doesn't name is ignored by the server: it is a label, and no right comes with it.

/** Different in each page that is open. */
export const CLIENT = Array.from(crypto.getRandomValues(new Uint8Array(3)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Write this page's name on an address.
 * @param {string} address
 * @returns {string}
 */
export function named(address) {
  const url = new URL(address, location.href);
  url.searchParams.set("client", CLIENT);
  return url.href;
}

/** As the browser's own, but each address carries this page's name. */
export const namedWire = {
  fetch: (address, request) => fetch(named(address), request),
  WebSocket: class extends WebSocket {
    constructor(address) {
      super(named(address));
    }
  },
  EventSource: class extends EventSource {
    constructor(address, how) {
      super(named(address), how);
    }
  },
};
