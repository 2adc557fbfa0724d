// The box that sends: Enter sends, Shift+Enter begins a new line.

import { element, uniqueId } from "../site/element.js";

const TEXT_CHARACTERS = 2000; // the server's limit; it is the server that refuses
const COUNTED_FROM = 1800;
// The key code while an input method composes; Safari ends `isComposing` one Enter too early.
const COMPOSING = 229;

/**
 * Make the box.
 * @param {(text: string) => void} onSend
 * @param {string} label
 * @param {{read: () => string, write: (text: string) => void}} [draft]  where what is half written is stored
 */
export function makeComposer(onSend, label, draft = { read: () => "", write: () => {} }) {
  const id = uniqueId("message");
  const placeholder = "Write a message";
  const box = element("textarea", { id, rows: 1, placeholder, autocomplete: "off", dir: "auto" });
  const count = element("span.count.small", { ariaHidden: "true" });
  const send = element("button", { type: "submit" }, "Send");
  const name = element("label.unseen", { htmlFor: id }, label);
  const form = element("form.composer", {}, name, box, count, send);

  const changed = () => {
    const length = [...box.value].length;
    count.textContent = length < COUNTED_FROM ? "" : `${length} of ${TEXT_CHARACTERS}`;
    draft.write(box.value);
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (box.value.trim() === "") return;
    const text = box.value;
    write("");
    onSend(text);
  };
  function write(/** @type {string} */ text) {
    box.value = text;
    changed();
  }
  box.addEventListener("input", changed);
  box.addEventListener("keydown", (event) => {
    const composing = event.isComposing || event.keyCode === COMPOSING;
    if (event.key === "Enter" && !event.shiftKey && !composing) submit(event);
  });
  form.addEventListener("submit", submit);
  write(draft.read());
  return { form, write, focus: () => box.focus() };
}
