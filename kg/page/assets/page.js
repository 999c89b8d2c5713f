"use strict";
// Whatever this does can be done without it: links lead to pages, forms are sent.
(() => {
  // Puts the main part of another page of this server in the place of a link to it.
  const fill = async (link) => {
    const place = link.closest("section.records") || link.parentElement;
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.querySelector("[data-part]") || page.querySelector("main");
      if (!part) return false;
      const box = document.createElement("div");
      box.className = "filled";
      box.append(...part.childNodes);
      if (place.matches("section.records")) place.querySelector("p").replaceWith(box);
      else {
        link.replaceWith(link.textContent);
        place.after(box);
      }
      box.setAttribute("tabindex", "-1");
      box.focus({ preventScroll: true });
      return true;
    } catch {
      return false;
    }
  };
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-fill]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!(await fill(link))) location.assign(link.href);
  });
  // The slash goes to the search field, unless one types.
  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("q");
    const typing = event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (search) {
      event.preventDefault();
      search.focus();
    }
  });
  // A link of the page is copied where the browser allows it.
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      const from = button.dataset.copy;
      const text = from.startsWith("#")
        ? document.querySelector(from).textContent
        : new URL(from, location.href).href;
      await navigator.clipboard.writeText(text);
      const before = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = before), 1500);
    });
  }
})();
