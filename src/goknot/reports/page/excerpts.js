// The source around places, as far as the report has it: some lines before and after, those meant marked.
const AROUND = 3;

function excerptAt(report, file, line) {
  return (report.excerptsByFile.get(file) || []).find((one) => line >= one.line && line < one.line + one.lines.length);
}

function code(report, file, marked) {
  const found = excerptAt(report, file, marked[0]);
  const from = Math.max(found.line, Math.min(...marked) - AROUND), until = Math.min(found.line + found.lines.length - 1, Math.max(...marked) + AROUND);
  const lines = [];
  for (let at = from; at <= until; at++) {
    const text = [h("span", { class: "at" }, String(at)), " ", h("bdi", {}, clean(found.lines[at - found.line].replace(/\t/g, "    ")))];
    lines.push(h(marked.includes(at) ? "mark" : "span", {}, text));
  }
  return h("pre", { class: "code", tabindex: "0", role: "region", "aria-label": `${clean(file)}, line ${marked.join(", ")}` }, lines);
}

// A place, unfolding to its source; the text of the line where there is no more of it.
function seen(report, one) {
  if (!one.line || !excerptAt(report, one.file, one.line)) return [place(one), one.text ? h("div", { class: "mono" }, clean(one.text)) : ""];
  const box = h("details", {}, h("summary", {}, place(one), one.text ? h("span", { class: "mono" }, " ", clean(one.text)) : ""));
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(code(report, one.file, [one.line])); });
  return [box];
}

// The statements that make a ring, in its order (of a heap's, those its chain leads over); those near each other in one piece.
function source(report, knot, cycle) {
  const edges = new Map(knot.edges.map((edge) => [`${edge.from},${edge.to}`, edge]));
  const ordered = cycle ? cycle.map((node, i) => edges.get(`${node},${cycle[(i + 1) % cycle.length]}`)).filter(Boolean) : knot.edges;
  const pieces = [];
  const told = (knot.chain || []).filter((step) => step.level === "statement");
  for (const one of [knot.where, ...ordered.map((edge) => (edge.evidence || [])[0]), ...told]) {
    const found = one && one.line ? excerptAt(report, one.file, one.line) : undefined;
    if (!found) continue;
    const near = pieces.find((piece) => piece.found === found && piece.lines.some((line) => Math.abs(line - one.line) <= 2 * AROUND + 1));
    if (!near) pieces.push({ found, lines: [one.line], at: one });
    else if (!near.lines.includes(one.line)) near.lines.push(one.line);
  }
  if (!pieces.length) return [];
  return [h("h2", {}, "Source"), ...pieces.slice(0, 8).map((piece) => h("figure", {}, h("figcaption", {}, place(piece.at)), code(report, piece.at.file, piece.lines)))];
}
