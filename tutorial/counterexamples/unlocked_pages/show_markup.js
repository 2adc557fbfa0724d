// A message as markup: its author writes a piece of the page.

export function show(list, { author, text }) {
  list.innerHTML += `<li>${author}: ${text}</li>`;
}
