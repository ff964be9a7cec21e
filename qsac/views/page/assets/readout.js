// The readout: what each bit means, what shots are expected to give, what is left of the error budget.

function readoutSection() {
  const holder = el("div", {});
  const draw = () => holder.replaceChildren(readoutParts(page.data.readout.circuits[page.current]));
  on("circuit", draw);
  draw();
  return section("readout", "Readout", "which bits mean what, and what shots are expected to give", holder);
}

function readoutParts(circuit) {
  const { facts, places, placesOf, steps } = page.data.readout;
  const view = scene();
  const rows = circuit.bits.map((bit) =>
    el(
      "tr",
      {
        on: {
          mouseenter: () => bit.gate !== null && light({ gate: bit.gate, ops: opsOf(view, bit.gate) }, "readout"),
          mouseleave: () => light(null),
        },
      },
      el("th", { scope: "row" }, bit.bit),
      el("td", {}, bit.gate === null ? "never measured" : view.qubits[bit.qubit]),
      el("td", { class: "number" }, bit.gate === null ? "–" : whole(view.step[bit.gate])),
      el(
        "td",
        {},
        bit.roles.length
          ? bit.roles.map((role) => el("span", { class: `role ${role.split(" ")[0]}` }, role))
          : "not read",
      ),
    ),
  );
  const budget = circuit.budget;
  const spent = budget.spent.map(([name, error]) => [name, short(error, 3)]);
  return el(
    "div",
    { class: "columns wide" },
    el(
      "div",
      {},
      table("metrics", ["metric", "what it is a probability of"], circuit.metrics),
      table("bits", ["bit", "measured on", "at step", "meaning"], rows, [2]),
      steps.length
        ? table(
            "classical steps",
            ["step", "from", "to"],
            steps.map((step) => [
              step.name,
              step.inputs.length > 3 ? `${step.inputs.length} circuits` : step.inputs.join(", "),
              step.writes.join(", "),
            ]),
          )
        : null,
    ),
    el(
      "div",
      {},
      el("h3", {}, "Forecast"),
      factTable(facts),
      places === null || places === undefined ? null : placeTable(places, placesOf),
      el("h3", {}, "Error budget"),
      budget.spent.length
        ? table("spent by pass", ["pass", "infidelity at most"], spent, [1])
        : el(
            "p",
            { class: "note" },
            budget.budget
              ? `Of ${short(budget.budget)} nothing was spent: the circuit is exact.`
              : "None was given: the circuit is exact.",
          ),
    ),
  );
}

function placeTable(places, circuits) {
  const at = Math.max(0, circuits === undefined || circuits === null ? 0 : circuits.indexOf(scene().name));
  const number = (list) => (list === null ? "" : list[at] === null ? "" : short(list[at], 4));
  const rows = places.map((place) => [place.place, number(place.lambda), number(place.factor)]);
  return el(
    "div",
    {},
    el("h3", {}, "Where shots are lost"),
    table("where shots are lost", ["place", "lambda", "factor of the acceptance"], rows, [1, 2]),
  );
}
