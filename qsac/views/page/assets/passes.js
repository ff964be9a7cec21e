// Passes: counts before and after, and the difference of the program between any two stages.

function passesSection() {
  const holder = el("div", {});
  const draw = () => holder.replaceChildren(passTables(page.data.stages.circuits[page.current]));
  on("circuit", draw);
  draw();
  return section("passes", "Passes", "what each pass did to the count of two-qubit gates, and to the program", holder);
}

function passTables(stages) {
  const seconds = page.data.stages.milliseconds;
  const rows = stages.passes.map((pass) => {
    const change = pass.after - pass.before;
    return el(
      "tr",
      { class: change ? null : "same", data: { pass: pass.name } },
      el("th", { scope: "row" }, pass.name),
      el("td", {}, pass.level),
      el("td", { class: "number" }, whole(pass.before)),
      el("td", { class: "number" }, whole(pass.after)),
      el("td", { class: "number" }, change ? `${change > 0 ? "+" : "−"}${whole(Math.abs(change))}` : "·"),
      seconds === null ? null : el("td", { class: "number" }, "–"),
    );
  });
  const head = ["pass", "level", "before", "after", "change"];
  const recorded = stages.passes.filter((pass) => !pass.recomputed);
  return el(
    "div",
    {},
    el(
      "div",
      { class: "columns wide" },
      table("passes", head, rows, [2, 3, 4]),
      waterfall(stages.passes, scene().twoQubit),
    ),
    recorded.length
      ? el(
          "p",
          { class: "note" },
          `As the artifact records: ${recorded.length === stages.passes.length ? "all counts" : recorded.map((pass) => pass.name).join(", ")}.`,
        )
      : null,
    stages.same
      ? null
      : el(
          "p",
          { class: "warning" },
          "Compiled again by this qsac, the model gives another program than the artifact holds: the texts are of the new one.",
        ),
    seconds === null ? null : timeTable(seconds),
    diffView(stages),
  );
}

function timeTable(milliseconds) {
  const rows = Object.entries(milliseconds).map(([name, time]) => [name, `${short(time, 4)} ms`]);
  return el(
    "details",
    { class: "plain" },
    el("summary", {}, "Time of each stage, while the page was made"),
    table("time of each stage", ["stage", "time"], rows, [1]),
  );
}

/** Two stages to choose, and what differs between their texts. */
function diffView(stages) {
  const known = stages.stages.filter((stage) => stage.blob !== null);
  const reason = page.data.stages.reason;
  const note = reason === null ? null : el("p", { class: "note" }, `No text between passes: ${reason}.`);
  if (!known.length) return el("div", {}, note);
  const changed = known.findIndex(
    (stage, i) => i > 0 && stages.passes.some((pass) => pass.name === stage.name && pass.before !== pass.after),
  );
  const at = changed < 0 ? known.filter((stage) => stage.level === "attention").length - 1 : changed;
  const choice = (id, title, place) => {
    const select = el(
      "select",
      { id, "aria-label": title },
      known.map((stage, i) =>
        el(
          "option",
          { value: i },
          `${i + 1}. ${stage.name} (${stage.level}, ${whole(stage.size)} ${stage.level === "native" ? "gates" : "ops"})`,
        ),
      ),
    );
    select.value = String(place);
    return select;
  };
  const from = choice("diff-from", "the earlier stage", changed < 0 ? 0 : at - 1);
  const to = choice("diff-to", "the later stage", at);
  const out = el("div", {
    class: "diff",
    id: "diff",
    tabindex: 0,
    role: "region",
    "aria-label": "difference of the two stages",
  });
  const show = async () => {
    const [one, other, lines] = await Promise.all([
      page.data.column(known[from.value].blob),
      page.data.column(known[to.value].blob),
      page.data.column("lines"),
    ]);
    out.replaceChildren(...diffRows(one, other, lines));
  };
  const step = (by) => {
    const place = Number(to.value) + by;
    if (place < 1 || place >= known.length) return;
    from.value = String(place - 1);
    to.value = String(place);
    show();
  };
  from.addEventListener("change", show);
  to.addEventListener("change", show);
  show();
  const button = (text, title, act) =>
    el("button", { type: "button", title, "aria-label": title, on: { click: act } }, text);
  return el(
    "div",
    {},
    note,
    el(
      "div",
      { class: "tools" },
      el("label", {}, "from ", from),
      el("label", {}, "to ", to),
      button("‹", "the pass before", () => step(-1)),
      button("›", "the next pass", () => step(1)),
      el("span", { class: "note" }, "the same stage twice shows its whole text"),
    ),
    out,
  );
}

const LONGEST = 400;
const MOST_LINES = 4000;

function diffRows(one, other, lines) {
  const rows = difference(one, other);
  const changes = rows.filter(([sign]) => sign !== " ").length;
  const shown = changes ? hunks(rows) : one.length === other.length ? rows : hunks(rows);
  const out = [
    el(
      "p",
      { class: "note" },
      changes
        ? `${whole(rows.filter(([sign]) => sign === "+").length)} lines more, ${whole(rows.filter(([sign]) => sign === "-").length)} lines fewer`
        : "no difference",
    ),
  ];
  for (const [sign, value] of shown.slice(0, MOST_LINES)) {
    if (sign === "…") out.push(el("div", { class: "gap" }, `${whole(value)} equal lines`));
    else {
      const text = lines[value];
      out.push(
        el(
          "div",
          { class: sign === "+" ? "plus" : sign === "-" ? "minus" : "kept" },
          `${sign} ${text.length > LONGEST ? `${text.slice(0, LONGEST)} … (${whole(text.length)} characters)` : text}`,
        ),
      );
    }
  }
  if (shown.length > MOST_LINES)
    out.push(el("div", { class: "gap" }, `${whole(shown.length - MOST_LINES)} more lines`));
  return out;
}
