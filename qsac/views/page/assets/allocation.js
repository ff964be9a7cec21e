// Allocation: which register lies on which qubit, from its first gate to its last, and where qubits are reset.

function allocationSection() {
  const holder = el("div", {});
  const draw = () => holder.replaceChildren(...allocationParts(scene()));
  on("circuit", draw);
  draw();
  return section(
    "allocation",
    "Allocation",
    "a bar for each register on each qubit, from its first gate to its last; resets as lines",
    holder,
  );
}

/** The bars: register, logical qubit, first step, end. */
function barsOf(view) {
  if (view.allocation === null) return [];
  const users = new Map(
    Object.keys(view.allocation).map((name) => [
      name,
      new Set(view.ops.filter((op) => op.register.includes(name) || op.by.includes(name)).map((op) => op.id)),
    ]),
  );
  const lying = view.initial.map(() => []);
  for (const [name, qubits] of Object.entries(view.allocation)) for (const qubit of qubits) lying[qubit]?.push(name);
  // A qubit holds one register after another, in the order of their first ops.
  const first = new Map([...users].map(([name, ids]) => [name, Math.min(...ids)]));
  for (const names of lying) names.sort((a, b) => first.get(a) - first.get(b));
  const now = lying.map(() => 0);
  // Where resets part them, only resets do: a move of a qubit is for another register's op.
  const resets = lying.map(() => 0);
  for (let gate = 0; gate < view.gates; gate++) {
    if (view.kind[gate] === view.reset && view.logical[0][gate] >= 0) resets[view.logical[0][gate]]++;
  }
  const found = new Map();
  const touch = (logical, gate) => {
    if (logical < 0 || logical >= lying.length) return;
    const names = lying[logical];
    if (view.kind[gate] === view.reset) {
      now[logical] = Math.min(now[logical] + 1, names.length - 1);
      return;
    }
    const ops = opsOf(view, gate);
    const held = (place) => place < names.length && ops.some((id) => users.get(names[place]).has(id));
    if (!held(now[logical])) {
      if (resets[logical] >= names.length - 1) return;
      const later = names.findIndex((_, place) => place > now[logical] && held(place));
      if (later < 0) return;
      now[logical] = later;
    }
    const name = names[now[logical]];
    const bar = found.get(`${logical} ${name}`) ?? { name, logical, from: Infinity, to: 0 };
    bar.from = Math.min(bar.from, view.step[gate]);
    bar.to = Math.max(bar.to, view.step[gate] + view.lasts(gate));
    found.set(`${logical} ${name}`, bar);
  };
  for (let gate = 0; gate < view.gates; gate++) {
    touch(view.logical[0][gate], gate);
    if (view.pair(gate)) touch(view.logical[1][gate], gate);
  }
  return [...found.values()].sort((a, b) => a.logical - b.logical || a.from - b.from);
}

function allocationParts(view) {
  const bars = barsOf(view);
  if (!bars.length) return [el("p", { class: "note" }, "Where the registers lie is not known for this circuit.")];
  const routed = page.data.device !== null;
  const rows = view.initial.length;
  const [w, row, left] = [drawingWidth(), 22, 90];
  const h = rows * row + 28;
  const x = d3.scaleLinear([0, view.end], [left, w - 8]);
  const box = svg("svg", {
    viewBox: `0 0 ${w} ${h}`,
    class: "allocation",
    role: "img",
    "aria-label": `registers on ${rows} qubits over ${view.end} steps`,
  });
  d3.select(box)
    .append("g")
    .attr("class", "axis")
    .attr("transform", `translate(0,${h - 22})`)
    .call(d3.axisBottom(x).ticks(8).tickSizeOuter(0));
  for (let i = 0; i < rows; i++) {
    const name = routed ? `logical ${i}` : view.qubits[view.initial[i]];
    box.append(
      svg("text", { x: left - 8, y: i * row + row / 2 + 4, "text-anchor": "end", class: "soft" }, name),
      svg("line", { x1: left, x2: w - 8, y1: i * row + row / 2, y2: i * row + row / 2, class: "wire" }),
    );
  }
  const names = Object.keys(view.allocation);
  for (const bar of bars) {
    const colour = KINDS[names.indexOf(bar.name) % 6].colour;
    const width = Math.max(2, x(bar.to) - x(bar.from));
    const shape = svg("rect", { x: x(bar.from), y: bar.logical * row + 2, width, height: row - 4, rx: 3 });
    shape.style.fill = colour;
    const said = `${bar.name}: steps ${whole(bar.from)} to ${whole(bar.to)}`;
    const group = svg(
      "g",
      { on: { mousemove: (event) => showTip(event, bar.name, said), mouseleave: hideTip } },
      shape,
    );
    if (width > 44) {
      const text = svg(
        "text",
        { x: x(bar.from) + 6, y: bar.logical * row + row / 2 + 4 },
        clipped(bar.name, Math.floor(width / 7)),
      );
      text.style.fill = inkOn(colour);
      group.append(text);
    }
    box.append(group);
  }
  let resets = 0;
  for (let gate = 0; gate < view.gates; gate++) {
    if (view.kind[gate] !== view.reset) continue;
    resets++;
    const logical = view.logical[0][gate];
    if (logical >= 0)
      box.append(
        svg("line", {
          x1: x(view.step[gate] + 0.5),
          x2: x(view.step[gate] + 0.5),
          y1: logical * row,
          y2: (logical + 1) * row,
          class: "reset",
        }),
      );
  }
  const rowsOf = bars.map((bar) => [
    routed ? `logical ${bar.logical}` : view.qubits[view.initial[bar.logical]],
    bar.name,
    whole(bar.from),
    whole(bar.to),
  ]);
  return [
    routed
      ? el(
          "p",
          { class: "note" },
          view.followed
            ? "Logical qubits: where each is on the machine, the next section shows."
            : "Logical qubits. Not every move of this circuit is known, so bars after an unknown one may be those of another qubit.",
        )
      : null,
    box,
    el("p", { class: "note" }, `${whole(resets)} resets`),
    behind("Registers", () => table("registers on qubits", ["qubit", "register", "first step", "end"], rowsOf, [2, 3])),
  ].filter(Boolean);
}
