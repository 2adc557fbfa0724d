// The box of an exercise: starts a check of the file on the reader's disk, and shows its verdict in place.
//
// Without this module the button still works: the form is posted, and the chapter comes back with the verdict
// in it. So the verdict is not built here a second time: we fetch the chapter that shows it, and take it from
// there.

for (const form of document.querySelectorAll("form.check")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    check(form);
  });
}

async function check(form) {
  const [button, box] = [form.querySelector("button"), form.closest(".exercise")];
  const outcome = box.querySelector(".outcome");
  button.disabled = true;
  outcome.textContent = "Checking … a few seconds.";
  try {
    const response = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" } });
    const said = await response.json();
    if (!response.ok) throw new Error(said.detail);
    await showAnew(box);
  } catch (error) {
    outcome.textContent = `The check could not be made: ${error.message}`;
  }
  button.disabled = false;
}

async function showAnew(box) {
  const page = await fetch(location.pathname, { cache: "no-store" });
  const anew = new DOMParser().parseFromString(await page.text(), "text/html").getElementById(box.id);
  for (const part of [".outcome", ".reached"]) {
    box.querySelector(part).replaceChildren(...anew.querySelector(part).childNodes);
  }
  box.dataset.state = anew.dataset.state;
}
