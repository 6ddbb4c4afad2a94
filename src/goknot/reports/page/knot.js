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

const MEMBER_COLUMNS = [{ title: "Name", width: "minmax(240px, 1fr)" }, { title: "Kind", width: "120px" }, { title: "Declared", width: "minmax(160px, 1fr)" }];
const memberCells = (node) => [name(node.name), node.kind, place(node)];

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
  out.push(...source(report, knot, drawn[0]));
  if (knot.chain) {
    out.push(h("h2", {}, "Chain, from module to object"), h("ol", { class: "chain" }, knot.chain.map((one) =>
      h("li", {}, h("span", {}, one.level), h("div", {}, name(one.name), " ", one.file ? seen(report, one) : "", one.note ? h("span", { class: "dim" }, " ", clean(one.note)) : "")))));
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
    (edge.evidence || []).slice(0, 8).map((one) => h("div", {}, seen(report, one)))])));
  if (knot.edges.length > 500) out.push(h("p", { class: "dim" }, `and ${number(knot.edges.length - 500)} more edges`));
  if (knot.nodes.length > 12) {
    const members = searchable("Members", MEMBER_COLUMNS, knot.nodes, memberCells, { hay: (node) => `${node.name} ${node.file || ""}`.toLowerCase(), unit: "member", empty: "None fits." });
    return [...out, h("h2", {}, "Members"), ...members.parts];
  }
  out.push(h("h2", {}, "Members"), rows("Members", MEMBER_COLUMNS, knot.nodes, memberCells, "None."));
  return out;
}
