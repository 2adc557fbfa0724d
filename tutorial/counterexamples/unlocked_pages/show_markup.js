// A message as markup: whoever writes one writes a piece of the page.

export function show(list, { author, text }) {
  list.innerHTML += `<li>${author}: ${text}</li>`;
}
