function overview(report, query) {
  const counts = {};
  for (const knot of report.knots) counts[knot.verdict] = (counts[knot.verdict] || 0) + 1;
  let chosen = query.get("verdict") || "";
  const buttons = Object.entries(counts).map(([which, n]) =>
    h("li", {}, h("button", { "data-verdict": which, "aria-pressed": "false", onclick: () => { chosen = chosen === which ? "" : which; press(); knots.show(); } },
      h("b", {}, number(n)), h("span", { class: `v v-${which}` }, which))));
  const press = () => buttons.forEach((item) => item.firstChild.setAttribute("aria-pressed", String(item.firstChild.dataset.verdict === chosen)));
  const knots = searchable("Knots", [
    { title: "Verdict", width: "128px" }, { title: "Sure", width: "72px" }, { title: "Knot", width: "minmax(220px, 1fr)" },
    { title: "Kind", width: "180px" }, { title: "Size", width: "104px", num: true },
  ], report.knots, (knot) => [
    verdict(knot), h("span", { class: "dim" }, knot.confidence), h("a", { href: `#/knot/${knot.id}`, title: clean(knot.title) }, h("bdi", {}, clean(knot.title))),
    h("span", { class: "mono dim" }, clean(knot.kind)), amount(knot),
  ], { hay: (knot) => knot.hay, unit: "knot", empty: "No knot fits.", shown: (knot) => !chosen || knot.verdict === chosen, query: query.get("q") || "" });
  press();
  const heap = report.stats.heap;
  const main = [
    h("h1", {}, report.knots.length ? plural(report.knots.length, "knot") : "No knots"),
    heap ? h("p", {}, `${plural(heap.objects, "object")} in ${bytes(heap.bytes)} of heap, ${plural(heap.goroutines || 0, "goroutine")}.`) : "",
    report.complete ? "" : h("p", {}, "The analysis is incomplete: see the problems."),
    h("ul", { class: "verdicts", "aria-label": "Verdicts" }, buttons),
    knots.parts,
    h("h2", {}, "Looked at"),
    table(["Kind", "Path", "Facts"], report.inputs.map((one) => [one.kind, name(one.path),
      Object.entries(one).filter(([key]) => key !== "kind" && key !== "path").map(([key, value]) => `${key} ${[].concat(value).map((v) => clean(v)).join(", ")}`).join(" · ")])),
  ];
  return main.flat();
}
