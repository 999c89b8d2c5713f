"use strict";
// Tells what is pointed at, and comes closer to a time that is dragged over. The form and the
// links do the same without it.
(() => {
  const picture = document.querySelector("svg.timeline, svg.map");
  const pointed = document.getElementById("pointed");
  if (!picture || !pointed) return;
  picture.addEventListener("pointerover", (event) => {
    const mark = event.target.closest("a[data-told]");
    if (mark) pointed.textContent = mark.dataset.told;
  });
  const { left, right, width } = picture.dataset;
  const day = (text) => Date.parse(text + "T00:00:00Z");
  const [from, to] = [day(picture.dataset.from), day(picture.dataset.to)];
  // A map has no time to drag over.
  if (!Number.isFinite(from) || !Number.isFinite(to)) return;
  const share = (event) => {
    const box = picture.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    return Math.min(1, Math.max(0, (at - left) / (width - left - right)));
  };
  let start = null;
  const shade = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  shade.setAttribute("class", "shade");
  picture.append(shade);
  const draw = (a, b) => {
    const scale = width - left - right;
    shade.setAttribute("x", Number(left) + Math.min(a, b) * scale);
    shade.setAttribute("width", Math.abs(a - b) * scale);
    shade.setAttribute("height", picture.viewBox.baseVal.height);
  };
  picture.addEventListener("dragstart", (event) => event.preventDefault());
  picture.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType === "mouse") start = share(event);
  });
  picture.addEventListener("pointermove", (event) => {
    if (start !== null) draw(start, share(event));
  });
  picture.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const [a, b] = [start, share(event)].sort((x, y) => x - y);
    start = null;
    if (b - a < 0.01) return draw(0, 0);
    const text = (value) => new Date(from + value * (to - from)).toISOString().slice(0, 10);
    const address = new URL(location.href);
    address.searchParams.set("from", text(a));
    address.searchParams.set("to", text(b));
    location.assign(address);
  });
})();
