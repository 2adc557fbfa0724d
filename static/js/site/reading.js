// On a chapter's page: it was opened, and it is read once its end was on the screen.

import { noteOpened, noteRead } from "./progress.js";

const chapter = Number(location.pathname.split("/").at(-1));
const end = document.querySelector(".turn");

noteOpened(chapter);
const watching = new IntersectionObserver((entries) => {
  if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
  noteRead(chapter);
  watching.disconnect();
});
if (end) watching.observe(end);
