// The head: what this is, how good it can be, what it costs, what to do next.

function headSection() {
  const { head } = page.data;
  const { stats } = head;
  const checked = verdict();
  const cards = [
    card("two-qubit gates", whole(stats.twoQubit), `${whole(stats.oneQubit)} one-qubit gates`),
    card(
      "qubits",
      whole(stats.qubits),
      `depth ${whole(stats.depth)}, ${whole(stats.twoQubitDepth)} in two-qubit gates`,
    ),
    card(
      "ESP",
      stats.esp === null ? "–" : short(stats.esp),
      stats.esp === null
        ? "no published error rates"
        : page.scenes.length > 1
          ? "no error in a shot, the average"
          : "no error in a shot",
    ),
    card(
      "acceptance",
      short(stats.acceptance),
      stats.acceptance === null
        ? "not computed for so large a model"
        : page.scenes.length > 1
          ? "of error-free shots, the average"
          : "of error-free shots",
    ),
    card(
      "shots",
      whole(stats.shots),
      stats.shots === null
        ? "not known"
        : `${page.scenes.length > 1 ? "of each circuit, " : ""}for ±${short(stats.standardError)} of the ${String(stats.metric).replaceAll("_", " ")}`,
    ),
    card(
      "cost",
      stats.cost === null ? "–" : short(stats.cost.amount),
      stats.cost === null ? "no price is known" : `${stats.cost.unit} for these shots`,
    ),
  ];
  const rows = head.facts.map(([name, text]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, text)));
  return el(
    "section",
    { id: "head", "aria-label": "Overview" },
    el(
      "div",
      { class: "title" },
      el("h1", {}, head.name),
      el("p", { class: "where" }, `${head.target.name} · ${head.target.description}`),
      el("p", { class: `verdict ${checked.class}` }, checked.text),
    ),
    el("div", { class: "cards" }, cards),
    el(
      "div",
      { class: "columns" },
      el(
        "details",
        { class: "plain" },
        el("summary", {}, "All facts"),
        el("div", { class: "scroll" }, el("table", { class: "facts" }, el("tbody", {}, rows))),
        sourceNote(),
      ),
      el(
        "div",
        { class: "next" },
        el("h3", {}, "What to do next"),
        el(
          "ol",
          {},
          head.next.map((step) => el("li", {}, step.say, step.command === null ? null : el("code", {}, step.command))),
        ),
      ),
    ),
  );
}

function card(name, value, note) {
  return el(
    "div",
    { class: "card" },
    el("span", { class: "name" }, name),
    el("span", { class: value.length > 9 ? "value long" : "value" }, value),
    el("span", { class: "note" }, note),
  );
}

/** In a few words how the circuit was verified. */
function verdict() {
  const { checked, recorded } = page.data.verification;
  if (checked !== null && checked.findings.length)
    return { class: "bad", text: `differs from what it claims: ${checked.findings[0].title}` };
  if (checked !== null && checked.compared !== null) {
    return {
      class: "good",
      text: `verified now: the circuit agrees with ${named(checked.compared)} to ${checked.worst}`,
    };
  }
  if (recorded !== null)
    return { class: "said", text: `its compilation was verified against ${named(recorded.how)}, as it records itself` };
  return { class: "said", text: "not verified" };
}

function named(how) {
  return how === "program" ? "its own program (it is not exact)" : "the closed form of its model";
}

function sourceNote() {
  const { target, producer, options, passes } = page.data.head;
  const made = Object.entries(producer)
    .map((pair) => pair.join(" "))
    .join(", ");
  const asked = `-O ${options.optimisation}, seed ${options.seed}, error budget ${options.error_budget}, prefer ${options.prefer}`;
  return el(
    "div",
    { class: "note" },
    el("p", {}, target.source === null ? "" : `Error rates of ${target.dated}: ${target.source}.`),
    target.changed
      ? el("p", {}, "The artifact describes other error rates than this qsac knows; these are the known ones.")
      : null,
    el("p", {}, `Compiled with ${asked}, by ${made}.`),
    el("p", {}, `Passes: ${passes.replaceAll(",", ", ") || "none"}.`),
  );
}
