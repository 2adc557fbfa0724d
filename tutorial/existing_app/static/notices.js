// The customer's news, as they come: the one script of this shop that knows of the chat.
//
// `Connection` is the chat's own client, which the shop serves as it is. It reads over the best transport that works
// here. Each address carries a token that the shop has signed. When the token has expired, the page gets another one and
// goes on from its cursor, so nothing is missed in between.

import { Connection } from "/chat-client/client/connection.js";
import { transportNamed } from "/chat-client/transports.js";

const PATIENCE_MS = 1000; // between a refusal and the next try

const place = document.querySelector("#notices");
const list = place.querySelector("ol");
const state = place.querySelector("output");
let token = "";

/** Read the customer's room, over the transport that is chosen. */
async function listen() {
  const url = `${place.dataset.chat}/rooms/${await renewToken()}`;
  const chat = new Connection(url, { onArrival, onState, network: showing(() => token) });
  const use = () => chat.use(transportNamed(place.querySelector("input:checked").value));

  async function onState({ name, over, why }) {
    show([over?.label, name, why]);
    if (name !== "refused") return;
    await pause();
    await renewToken();
    use();
  }

  place.addEventListener("change", use);
  use();
}

/** Get a token from the shop, and return the room that it opens. */
async function renewToken() {
  for (;;) {
    try {
      const answer = await (await fetch("/token")).json();
      token = answer.token;
      return answer.room;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      show(["the shop is out of reach"]);
      await pause();
    }
  }
}

/** What the chat's client may use of the browser, with a token in each address. */
function showing(currentToken) {
  const shown = (address) => {
    const url = new URL(address, location.href);
    url.searchParams.set("token", currentToken());
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

function onArrival({ added, restarted, history }) {
  if (restarted) list.replaceChildren();
  for (const { text, sent_at } of added) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = new Date(sent_at * 1000).toLocaleTimeString();
    item.append(text, " ", time);
    list.prepend(item);
  }
  if (added.length && !history) refresh();
}

/** News say that something has changed; what it is now, the shop knows. */
async function refresh() {
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  document.querySelector("#orders").replaceWith(page.querySelector("#orders"));
}

function show(words) {
  state.textContent = words.filter(Boolean).join(": ");
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
}

listen();
