// Shows the copy buttons where there is a clipboard to copy to; every page reads well without.
"use strict";

const SHOWN_MILLISECONDS = 1600;

for (const button of navigator.clipboard ? document.querySelectorAll("button[data-copies]") : []) {
  const label = button.getAttribute("aria-label");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copies).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    button.setAttribute("aria-label", button.textContent);
    setTimeout(() => {
      button.textContent = "Copy";
      button.setAttribute("aria-label", label);
    }, SHOWN_MILLISECONDS);
  });
}
