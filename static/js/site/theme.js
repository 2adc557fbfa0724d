// Light or dark: as the system says, unless the reader has chosen. A plain script, not a module, because it must run
// before the first paint: a module would come after it, and the page would flash.
{
  const root = document.documentElement;
  const choose = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  try {
    choose(localStorage.getItem("theme"));
  } catch {
    // Storage may be switched off: the system's theme, then.
  }
  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("#theme");
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
        localStorage.setItem("theme", wanted);
      } catch {
        // As above.
      }
    });
  });
}
