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
  report.excerptsByFile = new Map();
  for (const one of report.excerpts || []) {
    if (!report.excerptsByFile.has(one.file)) report.excerptsByFile.set(one.file, []);
    report.excerptsByFile.get(one.file).push(one);
  }
  report.byId = new Map(report.knots.map((knot) => [knot.id, knot]));
  for (const knot of report.knots) {
    knot.hay = [knot.id, knot.kind, knot.verdict, knot.title, ...knot.nodes.slice(0, 200).map((node) => node.name.slice(0, 500))].join("\n").toLowerCase();
  }
  const pages = [["#/", "Knots", true], ["#/kept", "Who keeps what", report.kept], ["#/folders", "Folders", report.matrix], ["#/types", "Types", report.types], ["#/goroutines", "Goroutines", report.goroutines], ["#/plugins", "Plugins", report.plugins], ["#/modules", "Modules", report.modules],
    ["#/problems", `Problems (${report.problems.length})`, report.problems.length]].filter((page) => page[2]);
  const main = document.getElementById("main");
  const nav = document.querySelector("nav");
  function route(event) {
    const [path, query] = (location.hash || "#/").split("?");
    nav.replaceChildren(...pages.map(([href, title]) => h("a", { href, "aria-current": href === path ? "page" : undefined }, title)));
    const of = { "#/kept": keptPage, "#/folders": matrixPage, "#/types": typesPage, "#/goroutines": goroutinesPage, "#/plugins": pluginsPage, "#/modules": modulesPage, "#/problems": problemsPage };
    const made = path.startsWith("#/knot/") ? knotPage(report, path.slice(7)) : path.startsWith("#/goroutines/") && report.goroutines ? goroutinePage(report, path.slice(13)) : path in of ? of[path](report) : overview(report, new URLSearchParams(query || ""));
    main.replaceChildren(...made.filter((part) => part !== undefined && part !== ""));
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
