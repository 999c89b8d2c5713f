"use strict";
// Adds to the page what needs a script: a filter, and ticks that are remembered in this browser.
(() => {
  const key = "kg-validate " + location.pathname;
  const rows = Array.from(document.querySelectorAll("tr[data-k]"));
  const twins = new Map();
  for (const row of rows) {
    if (!twins.has(row.dataset.k)) twins.set(row.dataset.k, []);
    twins.get(row.dataset.k).push(row);
  }
  const done = new Set();
  try {
    for (const name of JSON.parse(localStorage.getItem(key) || "[]")) done.add(name);
  } catch { /* what is stored is not a list, or nothing may be stored */ }

  const progress = document.getElementById("progress");
  const tell = () => {
    let count = 0;
    for (const name of twins.keys()) if (done.has(name)) count += 1;
    progress.textContent = `${count.toLocaleString("en")} of ${twins.size.toLocaleString("en")} ticked off`;
  };
  const mark = (name) => {
    for (const row of twins.get(name)) {
      row.classList.toggle("done", done.has(name));
      row.querySelector("input").checked = done.has(name);
    }
  };
  document.querySelector("main").addEventListener("change", (event) => {
    const row = event.target.closest("tr[data-k]");
    if (!row) return;
    if (event.target.checked) done.add(row.dataset.k); else done.delete(row.dataset.k);
    mark(row.dataset.k);
    tell();
    try {
      localStorage.setItem(key, JSON.stringify(Array.from(done)));
    } catch { /* ticks last as long as the page then */ }
  });

  const texts = new Map();
  const text = (node) => {
    if (!texts.has(node)) texts.set(node, node.textContent.toLowerCase());
    return texts.get(node);
  };
  const filter = (words) => {
    for (const pile of document.querySelectorAll(".pile")) {
      let some = false;
      for (const group of pile.querySelectorAll(".group")) {
        const head = text(pile.firstElementChild) + " " + text(group.firstElementChild);
        let any = false;
        for (const row of group.querySelectorAll("tr[data-k]")) {
          row.hidden = !words.every((word) => head.includes(word) || text(row).includes(word));
          any = any || !row.hidden;
        }
        group.hidden = words.length > 0 && !any;
        if (words.length > 0) group.open = any;
        some = some || any;
      }
      pile.hidden = words.length > 0 && !some;
      if (words.length > 0) pile.open = some;
    }
  };
  let waiting = 0;
  document.getElementById("filter").addEventListener("input", (event) => {
    clearTimeout(waiting);
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    waiting = setTimeout(filter, 150, words);
  });
  document.getElementById("hide-done").addEventListener("change", (event) => {
    document.body.classList.toggle("hide-done", event.target.checked);
  });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });

  for (const name of twins.keys()) if (done.has(name)) mark(name);
  tell();
  document.querySelector(".tools").hidden = false;
})();
