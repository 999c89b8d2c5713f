"use strict";
// The search of a site without a server: names are in files by the first letters of their words,
// which are loaded as scripts, since pages opened from a disk may fetch nothing.
(() => {
  const root = new URL("../", document.currentScript.src);
  const list = document.getElementById("found");
  const told = document.getElementById("told");
  const field = document.getElementById("q");
  const wanted = (new URLSearchParams(location.search).get("q") || "").trim();
  const words = wanted.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (field) field.value = wanted;
  if (!words.length) return;
  const longest = words.reduce((a, b) => (b.length > a.length ? b : a));
  const key = [...longest].slice(0, 3).join("");
  const name = [...key].map((c) => c.codePointAt(0).toString(16)).join("-");
  const tell = (text) => (told.textContent = text);
  globalThis.kgNames = (rows, left) => {
    const hits = rows.filter(([label]) => words.every((w) => label.toLowerCase().includes(w)));
    for (const [label, path] of hits.slice(0, 200)) {
      const link = document.createElement("a");
      link.href = new URL(path, root);
      link.textContent = label;
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    const more = left || hits.length > 200 ? "; there are more: write more of the name" : "";
    tell(`${hits.length} found${more}`);
  };
  const script = document.createElement("script");
  script.src = new URL(`search/${name}.js`, root);
  script.onerror = () => tell("Nothing bears such a name.");
  document.head.append(script);
})();
