// Light or dark: as the system says, unless the reader has chosen. A plain script, not a module, because it
// must run before the first paint: a module would come after it, and the page would flash.
{
  const root = document.documentElement;
  // On a projector: `?present` in the address leaves the panes, in larger type (see css/base.css).
  if (new URLSearchParams(location.search).has("present")) root.dataset.present = "";
  const stored = "hold-the-line:theme";
  const choose = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  };
  try {
    choose(localStorage.getItem(stored));
  } catch {
    // Storage may be switched off: the system's theme, then.
  }
  addEventListener("DOMContentLoaded", () => {
    const button = /** @type {HTMLElement} */ (document.querySelector("#theme"));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const shown = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
    const label = () => (button.textContent = shown() === "dark" ? "Light" : "Dark");
    button.hidden = false;
    label();
    dark.addEventListener("change", label);
    button.addEventListener("click", () => {
      const wanted = shown() === "dark" ? "light" : "dark";
      choose(wanted);
      label();
      try {
        localStorage.setItem(stored, wanted);
      } catch {
        // As above.
      }
    });
  });
}
