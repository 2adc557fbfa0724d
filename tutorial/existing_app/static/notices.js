// The customer's news, as they come: the one script of this shop that knows of the chat.
//
// `connect` is the chat's own client, one module a transport. It asks the shop for a token, and asks again when that has
// expired; the cursor stays, so nothing is missed in between.

const PATIENCE_MS = 1000; // between a refusal and the next try

const place = document.querySelector("#notices");
const list = place.querySelector("ol");
const state = place.querySelector("output");
let cursor = null;

/** Read the customer's room over a transport, until the signal aborts. */
async function listen(transport, signal) {
  const { connect } = await import(`/chat-client/${transport}.js`);
  while (!signal.aborted) {
    try {
      const { room, token } = await (await fetch("/token")).json();
      const url = `${place.dataset.chat}/rooms/${room}`;
      await connect(url, { cursor, onBatch, onState, signal, network: showing(token) });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      onState({ name: "retrying", why: "the shop is out of reach" });
    }
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  }
}

/** What a transport may use of the browser, with a token in each address. */
function showing(token) {
  const shown = (address) => {
    const url = new URL(address, location.href);
    url.searchParams.set("token", token);
    return url.href;
  };
  return {
    fetch: (address, how) => fetch(shown(address), how),
    WebSocket: class extends WebSocket {
      constructor(address) {
        super(shown(address));
      }
    },
    EventSource: class extends EventSource {
      constructor(address) {
        super(shown(address));
      }
    },
  };
}

function onBatch(batch) {
  const began = cursor === null;
  if (batch.gap) list.replaceChildren();
  cursor = batch.cursor;
  for (const { text, sent_at } of batch.messages) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = new Date(sent_at * 1000).toLocaleTimeString();
    item.append(text, " ", time);
    list.prepend(item);
  }
  if (batch.messages.length && !began) refresh();
}

function onState({ name, why }) {
  state.textContent = why ? `${name}: ${why}` : name;
}

/** News say that something has changed; what it is now, the shop knows. */
async function refresh() {
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  document.querySelector("#orders").replaceWith(page.querySelector("#orders"));
}

let ending = new AbortController();
place.addEventListener("change", ({ target }) => {
  ending.abort();
  ending = new AbortController();
  listen(target.value, ending.signal);
});
listen(place.querySelector("input:checked").value, ending.signal);
