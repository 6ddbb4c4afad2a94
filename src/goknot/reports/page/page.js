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

function table(titles, lines, label = titles.join(", ")) {
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label },
    h("table", {}, h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, lines.map((line) => h("tr", {}, line.map((cell) => h("td", {}, cell)))))));
}

// Pages

function overview(report, query) {
  const counts = {};
  for (const knot of report.knots) counts[knot.verdict] = (counts[knot.verdict] || 0) + 1;
  let chosen = query.get("verdict") || "";
  const holder = h("div", {});
  const search = h("input", { type: "search", id: "search", placeholder: "type, package, function, id …", value: query.get("q") || "" });
  const status = h("p", { class: "dim", role: "status", id: "status" });
  const buttons = Object.entries(counts).map(([which, n]) =>
    h("li", {}, h("button", { "data-verdict": which, "aria-pressed": "false", onclick: () => { chosen = chosen === which ? "" : which; show(); } },
      h("b", {}, number(n)), h("span", { class: `v v-${which}` }, which))));
  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = report.knots.filter((knot) => (!chosen || knot.verdict === chosen) && words.every((word) => knot.hay.includes(word)));
    status.textContent = `${plural(found.length, "knot")} of ${number(report.knots.length)}`;
    for (const item of buttons) item.firstChild.setAttribute("aria-pressed", String(item.firstChild.dataset.verdict === chosen));
    holder.replaceChildren(rows("Knots", [
      { title: "Verdict", width: "128px" }, { title: "Sure", width: "72px" }, { title: "Knot", width: "minmax(220px, 1fr)" },
      { title: "Kind", width: "180px" }, { title: "Size", width: "104px", num: true },
    ], found, (knot) => [
      verdict(knot), h("span", { class: "dim" }, knot.confidence), h("a", { href: `#/knot/${knot.id}`, title: clean(knot.title) }, h("bdi", {}, clean(knot.title))),
      h("span", { class: "mono dim" }, clean(knot.kind)), amount(knot),
    ], "No knot fits."));
  }
  let timer = 0;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 40); });
  const main = [
    h("h1", {}, report.knots.length ? plural(report.knots.length, "knot") : "No knots"),
    report.complete ? "" : h("p", {}, "The analysis is incomplete: see the problems."),
    h("ul", { class: "verdicts", "aria-label": "Verdicts" }, buttons),
    h("label", { for: "search" }, "Search "), search, status, holder,
    h("h2", {}, "Looked at"),
    table(["Kind", "Path", "Facts"], report.inputs.map((one) => [one.kind, name(one.path),
      Object.entries(one).filter(([key]) => key !== "kind" && key !== "path").map(([key, value]) => `${key} ${[].concat(value).map((v) => clean(v)).join(", ")}`).join(" · ")])),
  ];
  show();
  return main;
}

function drawing(knot, cycle) {
  const cut = new Set((knot.cuts[0] ? knot.cuts[0].edges : []).map(String));
  const edges = new Map(knot.edges.map((edge) => [`${edge.from},${edge.to}`, edge]));
  const n = cycle.length, wide = 720, high = n === 1 ? 190 : Math.max(300, 130 + n * 36);
  const cx = wide / 2, cy = high / 2, rx = 215, ry = high / 2 - 50;
  const at = cycle.map((_, i) => { const a = -Math.PI / 2 + (2 * Math.PI * i) / n; return n === 1 ? [cx, cy + 30] : [cx + rx * Math.cos(a), cy + ry * Math.sin(a)]; });
  const short = (node) => clean(knot.nodes[node].name.split("/").pop(), 34);
  const said = cycle.map((node) => short(node)).join(" → ");
  const svg = s("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": `Ring: ${said}, and back` },
    s("defs", {}, s("marker", { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" }, s("path", { d: "M0 0 8 4 0 8z" }))));
  cycle.forEach((node, i) => {
    const next = cycle[(i + 1) % n], [x1, y1] = at[i], [x2, y2] = at[(i + 1) % n];
    const edge = edges.get(`${node},${next}`);
    const klass = cut.has(`${node},${next}`) ? "edge edge-cut" : "edge";
    const label = edge ? (edge.field ? `${edge.field}${edge.offset !== undefined ? ` @${edge.offset}` : ""}` : edge.kind) : "";
    let d, lx, ly;
    if (n === 1) { d = `M${x1 - 60} ${y1 - 15} C${x1 - 90} ${y1 - 120} ${x1 + 90} ${y1 - 120} ${x1 + 60} ${y1 - 17}`; lx = x1; ly = y1 - 98; }
    else {
      const dx = x2 - x1, dy = y2 - y1, far = Math.hypot(dx, dy) || 1;
      const start = Math.min(0.4, Math.max(20, Math.abs(dx / far) * 60) / far), end = start;
      const bend = n === 2 ? 46 : 14;
      const mx = (x1 + x2) / 2 + (dy / far) * bend, my = (y1 + y2) / 2 - (dx / far) * bend;
      d = `M${x1 + dx * start + (dy / far) * bend * 0.5} ${y1 + dy * start - (dx / far) * bend * 0.5} Q${mx} ${my} ${x2 - dx * end + (dy / far) * bend * 0.5} ${y2 - dy * end - (dx / far) * bend * 0.5}`;
      lx = mx + (dy / far) * 12; ly = my - (dx / far) * 6;
    }
    svg.append(s("path", { d, class: klass, "marker-end": "url(#tip)" }));
    const text = s("text", { x: lx, y: ly, class: "label", "text-anchor": "middle" });
    text.textContent = clean(label, 40);
    svg.append(text);
  });
  cycle.forEach((node, i) => {
    const label = short(node), w = Math.min(300, label.length * 8 + 24);
    svg.append(s("rect", { x: at[i][0] - w / 2, y: at[i][1] - 15, width: w, height: 30, rx: 8, class: "node" }));
    const text = s("text", { x: at[i][0], y: at[i][1] + 5, "text-anchor": "middle" });
    text.textContent = label;
    svg.append(text);
  });
  return svg;
}

function step(one) {
  const offset = one.offset !== undefined ? ` @${one.offset}` : "";
  return [one.kind, name(one.name), one.field ? h("span", { class: "mono" }, clean(one.field) + offset) : "", h("span", { class: "mono dim" }, one.address || "")];
}

function knotPage(report, id) {
  const knot = report.byId.get(id);
  if (!knot) return [h("h1", {}, "No such knot"), h("p", {}, "The report has no knot with the id ", name(id), ".")];
  const out = [
    h("p", {}, verdict(knot), " ", h("span", { class: "dim" }, [knot.confidence, clean(knot.kind), `level ${knot.level}`, amount(knot), knot.baseline].join(" · "), " · "), h("code", {}, knot.id)),
    h("h1", {}, h("bdi", {}, clean(knot.title, 600))), h("p", {}, clean(knot.reason, 2000)),
  ];
  if (knot.where) out.push(h("p", {}, "Open ", place(knot.where)));
  const drawn = knot.cycles.filter((cycle) => cycle.length <= 12).slice(0, 40);
  if (drawn.length) {
    const box = h("div", {}, drawing(knot, drawn[0]));
    out.push(h("h2", {}, "Ring"), box);
    if (drawn.length > 1) out.push(h("p", {}, drawn.map((cycle, i) => h("button", { onclick: () => box.replaceChildren(drawing(knot, cycle)) }, `cycle ${i + 1}, of ${cycle.length}`)).flatMap((b) => [b, " "])));
  }
  if (knot.chain) {
    out.push(h("h2", {}, "Chain, from module to object"), h("ol", { class: "chain" }, knot.chain.map((one) =>
      h("li", {}, h("span", {}, one.level), h("span", {}, name(one.name), " ", place(one), one.text ? h("div", { class: "mono" }, clean(one.text)) : "", one.note ? h("span", { class: "dim" }, " ", clean(one.note)) : "")))));
  }
  if (knot.links) out.push(h("h2", {}, "The same, on other levels"), h("ul", {}, knot.links.map((link) => {
    const other = report.byId.get(link.id);
    return h("li", {}, other ? h("a", { href: `#/knot/${link.id}` }, h("bdi", {}, clean(other.title))) : name(link.id), h("span", { class: "dim" }, ` ${clean(link.why)}`));
  })));
  for (const cut of knot.cuts) {
    const proof = cut.edges.length ? (cut.lower_bound >= cut.cost ? `cost ${cut.cost}, minimal: proven` : `cut ≤ ${cut.cost}, proof ≥ ${cut.lower_bound}`) : "";
    out.push(h("h2", {}, "Cut"), h("div", { class: "cut" }, h("p", {}, h("b", {}, clean(cut.move)), proof ? ` · ${plural(cut.edges.length, "edge")}, ${proof}` : ""), h("p", {}, clean(cut.how, 2000)),
      h("ul", {}, cut.edges.slice(0, 200).map(([a, b]) => h("li", {}, name(knot.nodes[a].name), " → ", name(knot.nodes[b].name))))));
  }
  if (knot.heap) {
    const size = knot.heap;
    out.push(h("h2", {}, "In the heap"), h("p", {}, `${plural(size.instances, "instance")}, ${plural(size.objects, "object")}, ${number(size.bytes)} bytes; ${number(size.retained_bytes)} bytes go when they go.`));
    if (size.example) out.push(h("h3", {}, "One of them"), table(["What", "Name", "Field", "Address"], size.example.map(step), "One of them"));
    if (size.path_to_root) out.push(h("h3", {}, "Held by"), table(["What", "Name", "Field", "Address"], size.path_to_root.map(step), "Held by"));
  }
  out.push(h("h2", {}, "Edges"), table(["From", "To", "Through", "Seen at"], knot.edges.slice(0, 500).map((edge) => [
    name(knot.nodes[edge.from].name), name(knot.nodes[edge.to].name),
    h("span", {}, clean(edge.kind), edge.field ? h("div", { class: "mono" }, clean(edge.field) + (edge.offset !== undefined ? ` @${edge.offset}` : "")) : "", edge.note ? h("div", { class: "dim" }, clean(edge.note)) : ""),
    (edge.evidence || []).slice(0, 8).map((seen) => h("div", {}, place(seen), seen.text ? h("div", { class: "mono" }, clean(seen.text)) : ""))])));
  if (knot.edges.length > 500) out.push(h("p", { class: "dim" }, `and ${number(knot.edges.length - 500)} more edges`));
  out.push(h("h2", {}, "Members"), rows("Members", [{ title: "Name", width: "minmax(240px, 1fr)" }, { title: "Kind", width: "120px" }, { title: "Declared", width: "minmax(160px, 1fr)" }],
    knot.nodes, (node) => [name(node.name), node.kind, place(node)], "None."));
  return out;
}

// Who keeps what: an icicle, each bar as wide as what goes when it goes; the table below says the same.
function keptPage(report) {
  const { names, parent, name: called, kind, objects, bytes: own, retained_bytes: sizes } = report.kept;
  const below = parent.map(() => []), depth = [];
  parent.forEach((up, at) => { if (up >= 0) below[up].push(at); depth.push(up < 0 ? 0 : depth[up] + 1); });
  const tops = parent.flatMap((up, at) => (up < 0 ? [at] : []));
  const bySize = (a, b) => (kind[a] === "rest") - (kind[b] === "rest") || sizes[b] - sizes[a] || a - b;
  let root = -1;
  const canvas = h("canvas", { role: "img", "aria-label": "Icicle of what keeps how much; the table below says the same", tabindex: "0" });
  const said = h("p", { class: "dim mono", role: "status" });
  const back = h("button", { type: "button", onclick: () => { root = root < 0 ? -1 : parent[root]; draw(); } }, "Up");
  let boxes = [];
  function draw() {
    const wide = canvas.clientWidth || 1000, high = 26, levels = 12, scale = window.devicePixelRatio || 1;
    canvas.width = wide * scale; canvas.height = high * levels * scale; canvas.style.height = `${high * levels}px`;
    const pen = canvas.getContext("2d"), style = getComputedStyle(document.body);
    const ink = style.getPropertyValue("color");
    pen.scale(scale, scale); pen.clearRect(0, 0, wide, high * levels); pen.font = "12px monospace"; pen.textBaseline = "middle";
    boxes = [];
    const put = (list, x, width, level) => {
      const total = root >= 0 && level === 0 ? sizes[root] : list.of;
      let left = x;
      for (const at of [...list.nodes].sort(bySize)) {
        const w = total ? (width * sizes[at]) / total : 0;
        if (w < 1.5) break;
        boxes.push([left, level * high, w, high, at]);
        pen.globalAlpha = kind[at] === "rest" ? 0.07 : 0.14 + 0.08 * (level % 2);
        pen.fillStyle = ink; pen.fillRect(left, level * high, w - 1, high - 1); pen.globalAlpha = 1;
        if (w > 40) { pen.save(); pen.beginPath(); pen.rect(left, level * high, w - 4, high); pen.clip(); pen.fillText(clean(names[called[at]], 120), left + 4, level * high + high / 2); pen.restore(); }
        if (level + 1 < levels) put({ nodes: below[at], of: sizes[at] }, left, w, level + 1);
        left += w;
      }
    };
    const whole = tops.reduce((sum, at) => sum + sizes[at], 0);
    put(root < 0 ? { nodes: tops, of: whole } : { nodes: [root], of: sizes[root] }, 0, wide, 0);
    back.disabled = root < 0;
    tell(root);
  }
  function tell(at) { said.textContent = at < 0 ? "Click a bar to see more of it." : `${clean(names[called[at]])}: ${number(sizes[at])} bytes`; }
  const hit = (event) => { const box = boxes.find(([x, y, w, t]) => event.offsetX >= x && event.offsetX < x + w && event.offsetY >= y && event.offsetY < y + t); return box ? box[4] : -1; };
  canvas.addEventListener("mousemove", (event) => tell(hit(event)));
  canvas.addEventListener("click", (event) => { const at = hit(event); if (at >= 0) { root = at; draw(); } });
  const order = [];
  const walk = (list) => { for (const at of [...list].sort(bySize)) { order.push(at); walk(below[at]); } };
  walk(tops);
  requestAnimationFrame(draw);
  return [h("h1", {}, "Who keeps what"), h("p", {}, "What goes when a line goes, through everything that only it leads to; objects of one type in one place are taken together."),
    back, canvas, said, rows("Who keeps what", [{ title: "Kept by", width: "minmax(260px, 1fr)" }, { title: "Kept", width: "110px", num: true }, { title: "Own", width: "110px", num: true }, { title: "Objects", width: "100px", num: true }],
      order, (at) => { const cell = h("span", {}, name(names[called[at]])); cell.style.paddingLeft = `${Math.min(depth[at], 20) * 16}px`; return [cell, bytes(sizes[at]), bytes(own[at]), number(objects[at])]; }, "Nothing.")];
}

// How folders depend on each other: who imports stands left, what is imported above; what points up is in a ring.
function matrixPage(report) {
  const { folders, ring_by_folder: ring, edges } = report.matrix, n = folders.length;
  const cell = Math.max(3, Math.min(22, Math.floor(900 / n))), labels = cell >= 11, left = labels ? 260 : 8, high = n * cell;
  const canvas = h("canvas", { role: "img", tabindex: "0", "aria-label": `Dependency structure matrix of ${plural(n, "folder")}; the table below lists what points up` });
  const said = h("p", { class: "dim mono", role: "status", id: "cell" }, "Point at a cell, or use the arrow keys.");
  const found = new Map(edges.map(([from, to, imports]) => [from * n + to, imports]));
  const spans = new Map();
  ring.forEach((one, at) => { if (one >= 0) { const span = spans.get(one) || [at, at]; span[1] = at; spans.set(one, span); } });
  let row = 0, column = 0;
  function draw() {
    const scale = window.devicePixelRatio || 1, wide = left + high;
    canvas.width = (wide + 1) * scale; canvas.height = (high + 1) * scale; canvas.style.width = `${wide + 1}px`; canvas.style.height = `${high + 1}px`;
    const pen = canvas.getContext("2d"), style = getComputedStyle(document.body);
    canvas.style.color = "var(--bad)";
    const mark = getComputedStyle(canvas).color;
    pen.scale(scale, scale); pen.font = "11px monospace"; pen.textBaseline = "middle"; pen.fillStyle = style.color; pen.strokeStyle = style.color;
    if (labels) folders.forEach((one, at) => { const text = clean(one, 36); pen.textAlign = "right"; pen.fillText(text.length > 36 ? "…" + text.slice(-35) : text, left - 6, at * cell + cell / 2); });
    for (const [first, last] of spans.values()) { pen.globalAlpha = 0.16; pen.fillStyle = mark; pen.fillRect(left + first * cell, first * cell, (last - first + 1) * cell, (last - first + 1) * cell); pen.globalAlpha = 1; }
    pen.fillStyle = style.color; pen.globalAlpha = 0.35;
    for (let at = 0; at < n; at++) pen.fillRect(left + at * cell, at * cell, cell - 1, cell - 1);
    pen.globalAlpha = 1;
    for (const [from, to, imports] of edges) {
      pen.fillStyle = to < from ? mark : style.color;
      pen.globalAlpha = Math.min(1, 0.45 + 0.12 * imports);
      pen.fillRect(left + to * cell, from * cell, Math.max(2, cell - 1), Math.max(2, cell - 1));
    }
    pen.globalAlpha = 0.3; pen.strokeRect(left + 0.5, 0.5, high, high); pen.globalAlpha = 1;
    if (document.activeElement === canvas) { pen.lineWidth = 2; pen.strokeRect(left + column * cell, row * cell, cell, cell); }
  }
  function tell() {
    const imports = found.get(row * n + column);
    said.textContent = row === column ? clean(folders[row]) : `${clean(folders[row])} ${imports ? `imports ${clean(folders[column])}: ${plural(imports, "import")} of packages` : `does not import ${clean(folders[column])}`}`;
  }
  canvas.addEventListener("mousemove", (event) => {
    row = Math.max(0, Math.min(n - 1, Math.floor(event.offsetY / cell))); column = Math.max(0, Math.min(n - 1, Math.floor((event.offsetX - left) / cell)));
    tell();
  });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    row = Math.max(0, Math.min(n - 1, row + move[0])); column = Math.max(0, Math.min(n - 1, column + move[1]));
    tell(); draw();
  });
  canvas.addEventListener("focus", draw);
  canvas.addEventListener("blur", draw);
  requestAnimationFrame(draw);
  const up = edges.filter(([from, to]) => to < from);
  return [h("h1", {}, "Folders"), h("p", {}, `${plural(n, "folder")}, ${plural(edges.length, "dependency", "dependencies")}. Who imports stands on the left, what is imported above, in the same order: a folder stands before what it imports. What lies below the diagonal points up, which only rings do (marked blocks).`),
    h("div", { class: "wide" }, canvas), said, h("h2", {}, up.length ? "What points up" : "Nothing points up: the folders have no ring"),
    up.length ? rows("What points up", [{ title: "Folder", width: "minmax(200px, 1fr)" }, { title: "Imports", width: "minmax(200px, 1fr)" }, { title: "Package imports", width: "140px", num: true }], up,
      ([from, to, imports]) => [name(folders[from]), name(folders[to]), number(imports)], "") : ""];
}

function typesPage(report) {
  return [h("h1", {}, "Types in the heap"), rows("Types", [
    { title: "Type", width: "minmax(240px, 1fr)" }, { title: "Named by", width: "90px" }, { title: "Objects", width: "100px", num: true },
    { title: "Bytes", width: "110px", num: true }, { title: "Kept", width: "110px", num: true }],
  report.types, (one) => [name(one.name), one.named_by, number(one.objects), bytes(one.bytes), bytes(one.retained_bytes)], "None.")];
}

function pluginsPage(report) {
  return [h("h1", {}, "Plugins"), table(["Plugin", "Outcome", "What Go prints, why, what mends it"], report.plugins.map((one) => [
    name(one.path), one.outcome, [one.text, one.why, one.fix, ...(one.hazards || []).map((hazard) => hazard.text)].filter(Boolean).map((text) => h("div", {}, clean(text, 900)))]))];
}

function modulesPage(report) {
  return [h("h1", {}, "Modules of the process"), table(["Module", "State", "Roots", "Kept by its variables", "Objects of its types"], report.modules.map((one) => [
    name(one.name), one.state, number(one.roots), bytes(one.retained_bytes), `${number(one.objects)} (${bytes(one.bytes)})`]))];
}

function problemsPage(report) {
  return [h("h1", {}, "Problems"), h("p", {}, "What could not be read or decided, and what that means for the result."),
    table(["Where", "What", "Effect"], report.problems.map((one) => [name(one.where), clean(one.what, 900), clean(one.effect, 900)]))];
}

async function unpacked() {
  const packed = Uint8Array.from(atob(document.getElementById("report").textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

async function start() {
  const report = await unpacked();
  report.byId = new Map(report.knots.map((knot) => [knot.id, knot]));
  for (const knot of report.knots) {
    knot.hay = [knot.id, knot.kind, knot.verdict, knot.title, ...knot.nodes.slice(0, 200).map((node) => node.name.slice(0, 500))].join("\n").toLowerCase();
  }
  const pages = [["#/", "Knots", true], ["#/kept", "Who keeps what", report.kept], ["#/folders", "Folders", report.matrix], ["#/types", "Types", report.types], ["#/plugins", "Plugins", report.plugins], ["#/modules", "Modules", report.modules],
    ["#/problems", `Problems (${report.problems.length})`, report.problems.length]].filter((page) => page[2]);
  const main = document.getElementById("main");
  const nav = document.querySelector("nav");
  function route(event) {
    const [path, query] = (location.hash || "#/").split("?");
    nav.replaceChildren(...pages.map(([href, title]) => h("a", { href, "aria-current": href === path ? "page" : undefined }, title)));
    const of = { "#/kept": keptPage, "#/folders": matrixPage, "#/types": typesPage, "#/plugins": pluginsPage, "#/modules": modulesPage, "#/problems": problemsPage };
    const made = path.startsWith("#/knot/") ? knotPage(report, path.slice(7)) : path in of ? of[path](report) : overview(report, new URLSearchParams(query || ""));
    main.replaceChildren(...made.filter(Boolean));
    const title = main.querySelector("h1");
    document.title = `${title ? title.textContent.slice(0, 90) : "Report"} · goknot`;
    if (event) { window.scrollTo(0, 0); main.focus({ preventScroll: true }); }
  }
  document.getElementById("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  window.addEventListener("hashchange", route);
  route();
}

start().catch((error) => { document.getElementById("main").textContent = `This report cannot be shown: ${error.message}`; });
