function pluginsPage(report) {
  return [h("h1", {}, "Plugins"), table(["Plugin", "Outcome", "What Go prints, why, what mends it"], report.plugins.map((one) => [
    name(one.path), one.outcome, [one.text, one.why, one.fix, ...(one.hazards || []).map((hazard) => hazard.text)].filter(Boolean).map((text) => h("div", {}, clean(text, 900)))]))];
}
