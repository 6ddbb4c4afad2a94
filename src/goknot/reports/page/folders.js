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
