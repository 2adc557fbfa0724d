// The page /chat: which room, under which name, in one pane, or in one for each transport.
//
// Room, transport and mode are in the address, so that a view can be shared; the name is not, it is remembered.

import { makeChatter } from "./chatter.js";
import "./compare.js";
import { element } from "../site/element.js";
import { recall, remember } from "../site/storage.js";
import { Outbox } from "../client/outbox.js";
import "./pane.js";
import { transportNamed } from "../transports.js";

const ROOM_NAME = /^[a-z0-9-]{1,64}$/;
const ROOMS_REMEMBERED = 8;
const NAMES = ["Ada", "Alan", "Barbara", "Edsger", "Frances", "Grace", "Karen", "Ken", "Leslie", "Radia", "Tim", "Vint"];

const form = document.querySelector("#where");
const stage = document.querySelector("#stage");
const { room, author, mode } = form.elements;

function chosen() {
  const address = new URL(location.href).searchParams;
  const named = address.get("room") ?? "";
  return {
    room: ROOM_NAME.test(named) ? named : recall("rooms", ["lobby"])[0],
    transport: transportNamed(address.get("transport")).name,
    mode: address.get("mode") === "compare" ? "compare" : "one",
  };
}

function addressOf(view) {
  const address = new URL(location.pathname, location.href);
  address.searchParams.set("room", view.room);
  if (view.mode === "compare") address.searchParams.set("mode", "compare");
  else address.searchParams.set("transport", view.transport);
  return address;
}

function show() {
  const view = chosen();
  room.value = view.room;
  mode.value = view.mode;
  const kind = view.mode === "compare" ? "chat-compare" : "chat-pane";
  const attributes = { room: view.room, author: author.value, transport: view.transport };
  stage.replaceChildren(element(kind, attributes));
  document.title = `${view.room} – Chat – Hold the Line`;
  rememberRoom(view.room);
}

function rememberRoom(name) {
  const rooms = [name, ...recall("rooms", []).filter((other) => other !== name)].slice(0, ROOMS_REMEMBERED);
  remember("rooms", rooms);
  document.querySelector("#rooms").replaceChildren(...rooms.map((value) => element("option", { value })));
}

function go(change) {
  history.pushState(null, "", addressOf({ ...chosen(), ...change }));
  show();
}

function enterRoom() {
  const name = room.value.trim().toLowerCase().replaceAll(/\s+/g, "-");
  room.setCustomValidity(ROOM_NAME.test(name) ? "" : "A room’s name is 1 to 64 of a–z, 0–9 and “-”.");
  if (room.reportValidity() && name !== chosen().room) go({ room: name });
}

function letGuestTalk() {
  const guest = new Outbox({ url: () => `/rooms/${chosen().room}`, wire: globalThis, onChange: () => {} });
  const say = (text) => guest.send("guest", text);
  form.append(makeChatter(say, new AbortController().signal));
}

author.value = recall("author", NAMES[Math.floor(Math.random() * NAMES.length)]);
remember("author", author.value);

author.addEventListener("change", () => {
  remember("author", author.value);
  stage.firstElementChild.setAttribute("author", author.value);
});
room.addEventListener("input", () => room.setCustomValidity(""));
room.addEventListener("change", enterRoom);
for (const choice of mode) choice.addEventListener("change", () => go({ mode: choice.value }));
form.addEventListener("submit", (event) => event.preventDefault());
stage.addEventListener("chat-transport", ({ detail, target }) => {
  if (target.parentElement === stage) history.replaceState(null, "", addressOf({ ...chosen(), transport: detail.name }));
});
addEventListener("popstate", show);
letGuestTalk();
show();
