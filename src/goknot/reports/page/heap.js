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

function typesPage(report) {
  const types = searchable("Types", [
    { title: "Type", width: "minmax(240px, 1fr)" }, { title: "Named by", width: "90px" }, { title: "Objects", width: "100px", num: true },
    { title: "Bytes", width: "110px", num: true }, { title: "Kept", width: "110px", num: true }],
  report.types, (one) => [name(one.name), one.named_by, number(one.objects), bytes(one.bytes), bytes(one.retained_bytes)],
  { hay: (one) => `${one.name} ${one.named_by}`.toLowerCase(), unit: "type", empty: "No type fits." });
  return [h("h1", {}, "Types in the heap"), ...types.parts];
}

function goroutinesPage(report) {
  const total = report.goroutines.reduce((sum, one) => sum + one.goroutines, 0);
  const numbered = report.goroutines.map((one, at) => ({ at, one, hay: [one.function, one.waits, one.leaked ? "leaked" : "", one.created_at || "", ...one.stack.map((frame) => `${frame.function} ${frame.where || ""}`)].join("\n").toLowerCase() }));
  const groups = searchable("Goroutines", [
    { title: "Function", width: "minmax(240px, 1fr)" }, { title: "Wait for", width: "190px" }, { title: "", width: "96px" },
    { title: "How many", width: "90px", num: true }, { title: "Kept", width: "110px", num: true }],
  numbered, ({ at, one }) => [h("a", { href: `#/goroutines/${at}` }, name(one.function)), clean(one.waits), one.leaked ? h("span", { class: "v v-never-freed" }, "leaked") : "", number(one.goroutines), bytes(one.retained_bytes)],
  { hay: (row) => row.hay, unit: "stack", empty: "No stack fits." });
  return [h("h1", {}, plural(total, "goroutine")), h("p", {}, "By stack and by what they wait for. Kept: what the stacks alone keep. Leaked: nothing can wake them."), ...groups.parts];
}

function goroutinePage(report, at) {
  const one = report.goroutines[at];
  if (!one) return [h("h1", {}, "No such goroutines")];
  return [h("h1", {}, name(one.function)),
    h("p", {}, one.leaked ? h("span", { class: "v v-never-freed" }, "leaked") : "", one.leaked ? " · " : "", `${plural(one.goroutines, "goroutine")}, ${clean(one.waits)}, ${number(one.retained_bytes)} bytes kept by their stacks alone; goroutine ${one.goid} is one of them.`),
    one.created_at ? h("p", {}, "Started by ", name(one.created_at)) : "",
    h("h2", {}, "Stack"), table(["Function", "At"], one.stack.map((frame) => [name(frame.function), h("span", { class: "mono dim" }, clean(frame.where || ""))]), "Stack")];
}

function modulesPage(report) {
  return [h("h1", {}, "Modules of the process"), table(["Module", "State", "Roots", "Kept by its variables", "Objects of its types"], report.modules.map((one) => [
    name(one.name), one.state, number(one.roots), bytes(one.retained_bytes), `${number(one.objects)} (${bytes(one.bytes)})`]))];
}
