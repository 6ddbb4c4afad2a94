"use strict";
// The whole page is made of text nodes: names come from binaries and are hostile until shown as text.

const MAX_SHOWN = 300;
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;
const ROW = 36;

function clean(value, most = MAX_SHOWN) {
  const whole = String(value);
  const text = whole.length > most ? whole.slice(0, most - 1) + "…" : whole;
  return text.replace(UNSAFE, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

function h(tag, given, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== ""));
  return node;
}

function s(tag, given, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const name = (text) => h("bdi", { class: "mono" }, clean(text));
const number = (n) => n.toLocaleString("en-US");
const plural = (n, word, words = `${word}s`) => `${number(n)} ${n === 1 ? word : words}`;

function bytes(n) {
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]) {
    if (n >= size) return `${(n / size).toFixed(1)} ${unit}`;
  }
  return `${n} B`;
}

function place(one) {
  if (!one || !one.file) return "";
  const line = one.line ? `:${one.line}` : "";
  return h("span", { class: "mono dim" }, clean(one.file) + line);
}

const verdict = (knot) => h("span", { class: `v v-${knot.verdict}` }, knot.verdict);
const kept = (knot) => (knot.heap ? knot.heap.retained_bytes : 0);

function amount(knot) {
  return knot.heap ? bytes(kept(knot)) : plural(knot.nodes.length, "member");
}

// A table of any length: only the rows in view are in the document.
function rows(label, columns, list, cells, empty) {
  const template = columns.map((column) => column.width).join(" ");
  const head = h("div", { class: "row head", role: "row" },
    columns.map((column) => h("span", { role: "columnheader", class: column.num ? "num" : undefined }, column.title)));
  const body = h("div", { class: "body", role: "rowgroup" });
  const box = h("div", { class: "rows", role: "table", tabindex: "0", "aria-label": label, "aria-rowcount": list.length + 1 }, head, body);
  box.style.setProperty("--columns", template);
  if (!list.length) return h("p", { class: "dim" }, empty);
  body.style.height = `${list.length * ROW}px`;
  let first = -1;
  function draw() {
    const from = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
    if (from === first) return;
    first = from;
    const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.at : undefined;
    const until = Math.min(list.length, from + Math.ceil((box.clientHeight || 700) / ROW) + 24);
    const made = [];
    for (let at = from; at < until; at++) {
      const row = h("div", { class: "row", role: "row", "aria-rowindex": at + 2 },
        cells(list[at], at).map((cell, i) => h("span", { role: "cell", class: columns[i].num ? "num" : undefined }, cell)));
      row.style.top = `${at * ROW}px`;
      const link = row.querySelector("a");
      if (link) link.dataset.at = at;
      made.push(row);
    }
    body.replaceChildren(...made);
    const again = focused !== undefined && body.querySelector(`a[data-at="${focused}"]`);
    if (again) again.focus({ preventScroll: true });
  }
  box.addEventListener("scroll", draw);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const link = document.activeElement;
    if (!step || !link || link.dataset.at === undefined) return;
    const next = Number(link.dataset.at) + step;
    if (next < 0 || next >= list.length) return;
    event.preventDefault();
    if ((next + 3) * ROW > box.scrollTop + box.clientHeight || next * ROW < box.scrollTop) {
      box.scrollTop = Math.max(0, next * ROW - box.clientHeight / 2);
      draw();
    }
    const target = body.querySelector(`a[data-at="${next}"]`);
    if (target) target.focus({ preventScroll: true });
  });
  requestAnimationFrame(() => { first = -1; draw(); });
  draw();
  return box;
}

// A table with a search above it, one a page: every word has to be in a line's text, which `hay` gives in lower case.
function searchable(label, columns, list, cells, { hay, unit, units, empty, shown, query = "" }) {
  const holder = h("div", {});
  const status = h("p", { class: "dim", role: "status", id: "status" });
  const search = h("input", { type: "search", id: "search", placeholder: "words that all have to be there …", value: query });
  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = list.filter((one) => (!shown || shown(one)) && words.every((word) => hay(one).includes(word)));
    status.textContent = `${plural(found.length, unit, units)} of ${number(list.length)}`;
    holder.replaceChildren(rows(label, columns, found, cells, empty));
  }
  let timer = 0;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 40); });
  show();
  return { parts: [h("label", { for: "search" }, "Search "), search, status, holder], show };
}

function table(titles, lines, label = titles.join(", ")) {
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label },
    h("table", {}, h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, lines.map((line) => h("tr", {}, line.map((cell) => h("td", {}, cell)))))));
}
