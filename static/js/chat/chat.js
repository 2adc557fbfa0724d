// The page /chat: which room, under which name, in one pane, or in one for each transport.
//
// Room, transport and mode are in the address, so that a view can be shared; the name is not, it is
// remembered.

import { Outbox } from "../client/outbox.js";
import { element } from "../site/element.js";
import { isText, recall, remember } from "../site/storage.js";
import { transportNamed } from "../transports.js";
import { makeChatter } from "./chatter.js";
import "./compare.js";
import "./pane.js";
import { sendWhatIsLeft } from "./unsent.js";

const ROOM_NAME = /^[a-z0-9-]{1,64}$/;
const ROOMS_REMEMBERED = 8;
const NAMES = [
  "Ada",
  "Alan",
  "Barbara",
  "Edsger",
  "Frances",
  "Grace",
  "Karen",
  "Ken",
  "Leslie",
  "Radia",
  "Tim",
];

/** @typedef {{room: string, transport: string, mode: "one" | "compare"}} View */

const form = /** @type {HTMLFormElement} */ (document.querySelector("#where"));
const stage = /** @type {HTMLElement} */ (document.querySelector("#stage"));
const { room, author, mode } = /** @type {any} */ (form.elements);
let shown = "";

/** @returns {View} */
function chosen() {
  const address = new URL(location.href).searchParams;
  const named = address.get("room") ?? "";
  return {
    room: ROOM_NAME.test(named) ? named : rooms()[0],
    transport: transportNamed(address.get("transport")).name,
    mode: address.get("mode") === "compare" ? "compare" : "one",
  };
}

/** @param {View} view */
function addressOf(view) {
  const address = new URL(location.pathname, location.href);
  address.searchParams.set("room", view.room);
  if (view.mode === "compare") address.searchParams.set("mode", "compare");
  else address.searchParams.set("transport", view.transport);
  return address.href;
}

/**
 * Show what the address names; nothing changes where it is shown already (a link to a place on this page).
 */
function show() {
  const view = chosen();
  if (addressOf(view) === shown) return;
  shown = addressOf(view);
  room.value = view.room;
  mode.value = view.mode;
  const kind = view.mode === "compare" ? "chat-compare" : "chat-pane";
  const attributes = { room: view.room, author: author.value, transport: view.transport, keeps: "" };
  stage.replaceChildren(element(kind, attributes));
  document.title = `${view.room} – Chat – Hold the Line`;
  rememberRoom(view.room);
}

/** Return the rooms that were visited, the last one first. @returns {string[]} */
function rooms() {
  const known = recall("rooms", Array.isArray, []);
  const valid = known.filter((name) => isText(name) && ROOM_NAME.test(name));
  return valid.length ? valid : ["lobby"];
}

/** @param {string} name */
function rememberRoom(name) {
  const all = [name, ...rooms().filter((other) => other !== name)].slice(0, ROOMS_REMEMBERED);
  remember("rooms", all);
  document.querySelector("#rooms")?.replaceChildren(...all.map((value) => element("option", { value })));
}

/** @param {Partial<View>} change */
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
  const send = (/** @type {string} */ text) => new Outbox(`/rooms/${chosen().room}`).send("guest", text);
  form.append(makeChatter(send, new AbortController().signal));
}

author.value = recall("author", isText, NAMES[Math.floor(Math.random() * NAMES.length)]);
remember("author", author.value);

author.addEventListener("change", () => {
  remember("author", author.value);
  stage.firstElementChild?.setAttribute("author", author.value);
});
room.addEventListener("input", () => room.setCustomValidity(""));
room.addEventListener("change", enterRoom);
for (const choice of mode) choice.addEventListener("change", () => go({ mode: mode.value }));
form.addEventListener("submit", (event) => event.preventDefault());
stage.addEventListener("chat-transport", (event) => {
  const { detail, target } = /** @type {CustomEvent} */ (event);
  if (/** @type {Element} */ (target).parentElement !== stage) return;
  shown = addressOf({ ...chosen(), transport: detail.name });
  history.replaceState(null, "", shown);
});
addEventListener("popstate", show);
letGuestTalk();
show();
sendWhatIsLeft();
