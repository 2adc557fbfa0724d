// A message as text: whatever it contains, the page shows it as it was written.

export function show(list, { author, text }) {
  const item = document.createElement("li");
  item.textContent = `${author}: ${text}`;
  list.append(item);
}
