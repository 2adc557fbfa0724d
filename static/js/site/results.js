// The results: follows a comparison that goes on, and gives the report's frame the height of the report.

const ASK_SECONDS = 1;
const section = /** @type {HTMLElement} */ (document.querySelector(".run"));
/** @type {HTMLIFrameElement | null} */
const frame = document.querySelector("iframe.report");

if (section.dataset.running === "yes") follow();
if (frame) {
  frame.addEventListener("load", fit);
  addEventListener("resize", fit);
  fit();
}

async function follow() {
  const [bar, now] = [section.querySelector("progress"), section.querySelector(".now")];
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, ASK_SECONDS * 1000));
    const response = await fetch("/results/progress", { cache: "no-store" }).catch(() => null);
    if (!response?.ok) continue; // the server may be restarting: ask again
    const { step } = await response.json();
    if (step === null) break;
    [bar.max, bar.value] = [step.of, step.done];
    now.textContent = `${step.now}, about ${Math.ceil(step.seconds_left)} s left`;
  }
  location.reload();
}

function fit() {
  const shown = frame.contentDocument?.documentElement;
  if (shown) frame.style.blockSize = `${shown.scrollHeight + 2}px`;
}
