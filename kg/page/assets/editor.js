"use strict";
// Colours, mistakes and completions for the field of the editor. The server reads SPARQL; this
// only shows what it says. Without it the form works all the same.
(() => {
  const field = document.getElementById("query");
  if (!field) return;
  const box = field.parentElement;
  const told = document.getElementById("told");
  const under = document.createElement("pre");
  under.setAttribute("aria-hidden", "true");
  under.className = "under";
  box.prepend(under);
  const list = document.createElement("ul");
  list.className = "words";
  list.id = "words";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Completions");
  list.hidden = true;
  box.append(list);
  field.setAttribute("aria-controls", "words");
  field.setAttribute("aria-autocomplete", "list");

  let latest = 0, start = 0, chosen = 0, words = [], timer = 0;

  const paint = (pieces, error) => {
    const text = field.value;
    const parts = [];
    let at = 0;
    for (const [from, to, kind] of pieces) {
      if (from > at) parts.push(document.createTextNode(text.slice(at, from)));
      const span = document.createElement("span");
      span.className = "k-" + kind.replace(" ", "-");
      if (error && error.start >= from && error.start < to) span.className += " wrong";
      span.textContent = text.slice(from, to);
      parts.push(span);
      at = to;
    }
    parts.push(document.createTextNode(text.slice(at) + "\n"));
    under.replaceChildren(...parts);
    follow();
  };
  const follow = () => {
    under.scrollTop = field.scrollTop;
    under.scrollLeft = field.scrollLeft;
  };
  const hide = () => {
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (number) => {
    chosen = (number + words.length) % words.length;
    [...list.children].forEach((item, index) =>
      item.setAttribute("aria-selected", String(index === chosen)));
    field.setAttribute("aria-activedescendant", "word-" + chosen);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  };
  const show = () => {
    if (!words.length) return hide();
    list.replaceChildren(...words.map((word, index) => {
      const item = document.createElement("li");
      item.id = "word-" + index;
      item.setAttribute("role", "option");
      const name = document.createElement("b");
      name.textContent = word.text;
      const what = document.createElement("span");
      what.textContent = word.is;
      item.append(name, " ", what);
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(index);
      });
      return item;
    }));
    list.hidden = false;
    place();
    mark(0);
  };
  // Where the word begins, as the text under the field shows it.
  const place = () => {
    const before = field.value.slice(0, start).split("\n");
    const style = getComputedStyle(field);
    const height = parseFloat(style.lineHeight);
    const probe = document.createElement("span");
    probe.className = "probe";
    probe.textContent = before.at(-1) || "";
    under.append(probe);
    const width = probe.getBoundingClientRect().width;
    probe.remove();
    const top = parseFloat(style.paddingTop) + before.length * height - field.scrollTop + 2;
    const left = parseFloat(style.paddingLeft) + width - field.scrollLeft;
    list.style.top = Math.max(0, top) + "px";
    list.style.left = Math.max(0, Math.min(left, box.clientWidth - list.offsetWidth - 8)) + "px";
  };
  const take = (index) => {
    const word = words[index].text;
    field.setRangeText(word, start, field.selectionStart, "end");
    hide();
    field.focus();
    ask(false);
  };
  const ask = async (complete) => {
    const mine = ++latest;
    const body = new URLSearchParams({ query: field.value, at: String(field.selectionStart) });
    let answer;
    try {
      const response = await fetch("/check", { method: "POST", body });
      if (!response.ok) return;
      answer = await response.json();
    } catch {
      return;
    }
    if (mine !== latest) return;
    paint(answer.pieces, answer.error);
    const error = answer.error;
    field.setAttribute("aria-invalid", String(Boolean(error)));
    told.textContent = error
      ? (error.place ? error.place + ": " : "") + error.message + (error.hint ? ". " + error.hint : "")
      : "";
    start = answer.start;
    words = complete ? answer.words : [];
    show();
  };
  field.addEventListener("input", (event) => {
    under.textContent = field.value + "\n";
    clearTimeout(timer);
    const typed = event.data && /[\w:?$]/.test(event.data);
    timer = setTimeout(() => ask(Boolean(typed)), 150);
  });
  field.addEventListener("scroll", follow);
  field.addEventListener("blur", hide);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      field.form.requestSubmit();
    } else if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      ask(true);
    } else if (!list.hidden) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) mark(chosen + step);
      else if (event.key === "Enter" || event.key === "Tab") take(chosen);
      else if (event.key === "Escape") hide();
      else return;
      event.preventDefault();
    }
  });
  box.classList.add("live");
  under.textContent = field.value + "\n";
  ask(false);
})();
