// The page /chat: which room, under which name, in one pane, or in one for each transport.
//
// Room, transport, mode and the server (ours, or a friend's) are in the address, so that a view can be shared,
// and so is how often the guest talks, once it was chosen. The name is not: each tab has its own. Who comes for
// the first time, with nothing in the address, sees the transports side by side.

import { element } from "../site/element.js";
import { isBoolean, isText, recall, remember } from "../site/storage.js";
import { transportNamed } from "../transports.js";
import { IN_COMPARISON, makeChatter, rateNamed, talk } from "./chatter.js";
import "./compare.js";
import { firstName, rememberName } from "./name.js";
import "./pane.js";
import { sendWhatIsLeft } from "./unsent.js";

const ROOM_NAME = /^[a-z0-9-]{1,64}$/;
const ROOMS_REMEMBERED = 8;

/**
 * @typedef {object} View
 * @property {string} room
 * @property {string} transport
 * @property {"one" | "compare"} mode
 * @property {string} server  a friend's origin; "": the one that this page comes from
 * @property {number} [guest]  how often the guest talks, if that was chosen
 */

const SHARED = "one connection for all tabs";
const form = /** @type {HTMLFormElement} */ (document.querySelector("#where"));
const stage = /** @type {HTMLElement} */ (document.querySelector("#stage"));
const { room, author, mode, server, sharing } = /** @type {any} */ (form.elements);
const chatter = makeChatter((guest) => {
  history.replaceState(null, "", addressOf({ ...chosen(), guest }));
  show();
});
let shown = "";
let talking = new AbortController();

/** @returns {View} */
function chosen() {
  const address = new URL(location.href).searchParams;
  const named = address.get("room") ?? "";
  return {
    room: ROOM_NAME.test(named) ? named : rooms()[0],
    transport: transportNamed(address.get("transport")).name,
    mode: modeIn(address),
    server: friendNamed(address.get("server")),
    guest: rateNamed(address.get("guest")),
  };
}

/** @param {URLSearchParams} address @returns {View["mode"]} */
function modeIn(address) {
  if (address.has("mode")) return address.get("mode") === "compare" ? "compare" : "one";
  if (address.has("room") || address.has("transport")) return "one";
  return recall("mode", isText, "compare") === "one" ? "one" : "compare";
}

/** Return a friend's origin, if it is one that our server knows. @param {string | null} named */
function friendNamed(named) {
  const known = [...(server?.options ?? [])].map((/** @type {HTMLOptionElement} */ option) => option.value);
  return named !== null && known.includes(named) ? named : "";
}

/** @param {View} view */
function addressOf(view) {
  const address = new URL(location.pathname, location.href);
  address.searchParams.set("room", view.room);
  if (view.mode === "compare") address.searchParams.set("mode", "compare");
  else address.searchParams.set("transport", view.transport);
  if (view.server) address.searchParams.set("server", view.server);
  if (view.guest !== undefined) address.searchParams.set("guest", String(view.guest));
  return address.href;
}

/**
 * Show what the address names; nothing changes where it is shown already (a link to a place on this page).
 */
function show() {
  const view = chosen();
  if (addressOf(view) === shown) return;
  shown = addressOf(view);
  letGuestTalk(view);
  room.value = view.room;
  mode.value = view.mode;
  if (server) server.value = view.server;
  sharing.closest("label").hidden = view.mode === "compare" || !navigator.locks;
  showStage(view);
  document.title = `${view.room} – Chat – Hold the Line`;
  rememberRoom(view.room);
}

/** Show the room, unless it is what is on the stage already. @param {View} view */
function showStage(view) {
  const kind = view.mode === "compare" ? "chat-compare" : "chat-pane";
  if (stage.dataset.shows === keyOf(view)) return;
  stage.dataset.shows = keyOf(view);
  const attributes = {
    room: view.room,
    author: author.value,
    transport: view.transport,
    base: view.server,
    keeps: "",
  };
  stage.replaceChildren(element(kind, sharing.checked ? { ...attributes, shared: "" } : attributes));
}

/** Return what the stage depends on. @param {View} view */
function keyOf({ room, mode, transport, server }) {
  return mode === "compare" ? `${server} ${room} compared` : `${server} ${room} over ${transport}`;
}

/** @param {View} view */
function letGuestTalk({ room, mode, server, guest = mode === "compare" ? IN_COMPARISON : 0 }) {
  chatter.show(guest);
  talking.abort();
  talking = new AbortController();
  talk(guest, `${server}/rooms/${room}`, talking.signal);
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

function chooseMode() {
  remember("mode", mode.value);
  go({ mode: mode.value });
}

function share() {
  remember(SHARED, sharing.checked);
  const pane = /** @type {import("./pane.js").ChatPane} */ (stage.firstElementChild);
  pane.toggleAttribute("shared", sharing.checked);
  pane.use(transportNamed(chosen().transport));
}

function enterRoom() {
  const name = room.value.trim().toLowerCase().replaceAll(/\s+/g, "-");
  room.setCustomValidity(ROOM_NAME.test(name) ? "" : "A room’s name is 1 to 64 of a–z, 0–9 and “-”.");
  if (room.reportValidity() && name !== chosen().room) go({ room: name });
}

author.value = await firstName();
author.addEventListener("change", () => {
  rememberName(author.value);
  stage.firstElementChild?.setAttribute("author", author.value);
});
sharing.checked = recall(SHARED, isBoolean, false);
sharing.addEventListener("change", share);
room.addEventListener("input", () => room.setCustomValidity(""));
room.addEventListener("change", enterRoom);
server?.addEventListener("change", () => go({ server: server.value }));
for (const choice of mode) choice.addEventListener("change", chooseMode);
form.addEventListener("submit", (event) => event.preventDefault());
stage.addEventListener("chat-transport", (event) => {
  const { detail, target } = /** @type {CustomEvent} */ (event);
  if (/** @type {Element} */ (target).parentElement !== stage) return;
  const view = { ...chosen(), transport: detail.name };
  shown = addressOf(view);
  stage.dataset.shows = keyOf(view);
  history.replaceState(null, "", shown);
});
addEventListener("popstate", show);
form.append(chatter.node);
show();
sendWhatIsLeft();
