// Light or dark: as the system has it, until the switch says otherwise.

import { byId, say, set } from "./dom.js";
import { refreshInk } from "./ink.js";

const system = window.matchMedia("(prefers-color-scheme: dark)");

/** @param {() => void} changed */
export function startTheme(changed) {
  const button = byId("theme");
  const chosen = () => document.documentElement.dataset.theme;
  const dark = () => (chosen() ? chosen() === "dark" : system.matches);
  const show = () => {
    say(button, dark() ? "☀" : "☾");
    set(button, "aria-label", dark() ? "Light colours" : "Dark colours");
    set(button, "title", dark() ? "Light colours" : "Dark colours");
    refreshInk();
    changed();
  };
  const stored = localStorage.getItem("theme");
  if (stored) document.documentElement.dataset.theme = stored;
  button.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
    show();
  });
  system.addEventListener("change", show);
  show();
}
