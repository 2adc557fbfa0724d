// The box that sends: Enter sends, Shift+Enter begins a new line.

import { element, uniqueId } from "../site/element.js";

const TEXT_CHARACTERS = 2000; // the server's limit; it is the server that refuses
const COUNTED_FROM = 1800;

/**
 * Make the box.
 * @param {(text: string) => void} onSend
 * @param {string} label
 * @returns {{form: HTMLElement, write: (text: string) => void, focus: () => void}}
 */
export function makeComposer(onSend, label = "Message") {
  const id = uniqueId("message");
  const box = element("textarea", { id, rows: 1, placeholder: "Say something", autocomplete: "off" });
  const count = element("span.count.small", { ariaHidden: "true" });
  const send = element("button", { type: "submit" }, "Send");
  const name = element("label.unseen", { htmlFor: id }, label);
  const form = element("form.composer", {}, name, box, count, send);

  const counted = () => {
    const length = [...box.value].length;
    count.textContent = length < COUNTED_FROM ? "" : `${length} of ${TEXT_CHARACTERS}`;
  };
  const submit = (event) => {
    event.preventDefault();
    if (box.value.trim() === "") return;
    onSend(box.value);
    write("");
  };
  function write(text) {
    box.value = text;
    counted();
  }
  box.addEventListener("input", counted);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  form.addEventListener("submit", submit);
  return { form, write, focus: () => box.focus() };
}
