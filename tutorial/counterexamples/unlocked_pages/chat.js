// Ann's page: signs in with the token in its address, and shows the messages as they come.

import { show } from "./show.js";

const token = location.hash.slice(1);
const list = document.querySelector("ul");

await fetch("/sign-in", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ token }),
});
const socket = new WebSocket(`ws://${location.host}/socket?token=${token}`);

socket.addEventListener("message", async ({ data }) => {
  for (const message of JSON.parse(data).messages) show(list, message);
  await Promise.all(Array.from(list.querySelectorAll("img"), loaded));
  socket.send("seen");
});

/** Wait until a picture is there, or can't be had. */
function loaded(image) {
  return new Promise((resolve) => {
    for (const end of ["load", "error"]) image.addEventListener(end, resolve);
  });
}
