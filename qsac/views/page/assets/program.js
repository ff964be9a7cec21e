// The program: registers as wires, attention ops as boxes in their order; several circuits side by side.

const COLUMN = 64;
const WIRE = 30;
const NAME = 92;

function programSection() {
  const holder = el("div", { class: "diagram" });
  const draw = () =>
    holder.replaceChildren(
      wires(scene()),
      behind("Ops", () => opTable(scene())),
    );
  on("circuit", draw);
  draw();
  return section(
    "program",
    "Program",
    "registers as wires, attention ops as boxes in their order; the number is its two-qubit gates",
    page.scenes.length > 1 || page.data.plan.length > 1 ? planStrip() : null,
    holder,
    legend(),
  );
}

/** The circuits of the plan as cards, with the classical steps between them. */
function planStrip() {
  const most = Math.max(...page.scenes.map((view) => view.twoQubit), 1);
  const cards = page.data.plan.map((step) => {
    if (step.circuit === undefined) {
      return el(
        "div",
        { class: "step", title: `${step.inputs.join(", ")} → ${step.writes.join(", ")}` },
        el("strong", {}, step.step),
        el("span", { class: "note" }, `classical: ${step.inputs.length} in, ${step.writes.join(", ")} out`),
      );
    }
    const place = page.scenes.findIndex((view) => view.name === step.circuit);
    const view = page.scenes[place];
    const button = el(
      "button",
      {
        class: "circuit",
        type: "button",
        "aria-pressed": place === page.current,
        data: { circuit: place },
        on: { click: () => choose(place) },
      },
      el("strong", {}, view.name),
      el("span", { class: "note" }, `${whole(view.twoQubit)} two-qubit · ${view.qubits.length} qubits`),
      bars(view, most),
    );
    on("circuit", () => button.setAttribute("aria-pressed", place === page.current));
    return button;
  });
  return el("div", { class: "plan" }, cards);
}

/** The two-qubit gates of a circuit by kind of op, as one bar. */
function bars(view, most) {
  const sums = KINDS.map(() => 0);
  view.sets.forEach((_, set) => (sums[view.colourOf[set]] += view.counts[set][1]));
  const box = svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", class: "bar", "aria-hidden": true });
  let x = 0;
  sums.forEach((sum, kind) => {
    const width = (100 * sum) / most;
    const shape = svg("rect", { x, y: 0, width, height: 6 });
    shape.style.fill = KINDS[kind].colour;
    box.append(shape);
    x += width;
  });
  return box;
}

/** Show another circuit of the plan. */
function choose(place) {
  if (place === page.current || place < 0 || place >= page.scenes.length) return;
  page.current = place;
  page.lit = page.found = page.chosen = null;
  emit("circuit");
  emit("lit", null);
}

/** The wires of a circuit's program. Ops on different registers stand in one column where their order allows it. */
function wires(view) {
  const row = new Map(view.registers.map(([name], i) => [name, i]));
  const free = view.registers.map(() => 0);
  const places = view.ops.map((op) => {
    const rows = [...op.register, ...op.by].map((name) => row.get(name)).filter((one) => one !== undefined);
    const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
    let column = 0;
    for (let i = top; i <= bottom; i++) column = Math.max(column, free[i]);
    for (let i = top; i <= bottom; i++) free[i] = column + 1;
    return column;
  });
  const columns = Math.max(1, ...places.map((column) => column + 1));
  const [w, h] = [NAME + columns * COLUMN + 8, view.registers.length * WIRE + 8];
  const box = svg("svg", {
    viewBox: `0 0 ${w} ${h}`,
    width: w,
    height: h,
    class: "wires",
    role: "img",
    "aria-label": `the program ${view.name}: ${view.ops.length} ops on ${view.registers.length} registers`,
  });
  view.registers.forEach(([name, size], i) => {
    const y = i * WIRE + WIRE / 2 + 4;
    const used = view.ops.filter((op) => op.register.includes(name) || op.by.includes(name)).map((op) => places[op.id]);
    const [from, to] = [Math.min(...used), Math.max(...used)];
    box.append(
      svg(
        "text",
        { x: NAME - 10, y: y + 4, "text-anchor": "end" },
        `${clipped(name, 11)} `,
        svg("tspan", { class: "soft" }, String(size)),
      ),
    );
    if (used.length)
      box.append(svg("line", { x1: NAME + from * COLUMN, x2: NAME + (to + 1) * COLUMN, y1: y, y2: y, class: "wire" }));
  });
  const counts = opCounts(view);
  for (const op of view.ops) box.append(opBox(view, op, NAME + places[op.id] * COLUMN, row, counts[op.id]));
  return el("div", { class: "scroll" }, box);
}

/** Two-qubit gates of each op alone. */
function opCounts(view) {
  const counts = view.ops.map(() => 0);
  view.sets.forEach((ids, set) => {
    if (ids.length === 1) counts[ids[0]] += view.counts[set][1];
  });
  return counts;
}

const SHORT = {
  "load-tokens": "load",
  "prepare-indices": "indices",
  project: "project",
  "save-probabilities": "observe",
  "apply-unitary": "unitary",
  "rotate-degree": "degree",
  multiply: "multiply",
};

function opBox(view, op, x, row, gates) {
  const colour = KINDS[kindOf(op)].colour;
  const name = SHORT[op.kind] ?? op.kind;
  const y = (register) => row.get(register) * WIRE + WIRE / 2 + 4;
  const group = svg("g", {
    class: "opbox",
    tabindex: 0,
    data: { op: op.id },
    on: {
      mouseenter: () => light({ ops: [op.id] }, "program"),
      focus: () => light({ ops: [op.id] }, "program"),
      mousemove: (event) =>
        showTip(event, op.words, `${whole(gates)} two-qubit gates of its own`, op.field, passText([op.id])),
      mouseleave: () => (hideTip(), light(null)),
      blur: () => light(null),
      click: () => emit("op", op.id),
      keydown: (event) => event.key === "Enter" && emit("op", op.id),
    },
  });
  const rows = [...op.register, ...op.by].filter((register) => row.has(register)).map(y);
  if (rows.length > 1)
    group.append(
      svg("line", {
        x1: x + COLUMN / 2,
        x2: x + COLUMN / 2,
        y1: Math.min(...rows),
        y2: Math.max(...rows),
        class: "stem",
      }),
    );
  for (const register of op.by)
    if (row.has(register)) group.append(svg("circle", { cx: x + COLUMN / 2, cy: y(register), r: 4, class: "control" }));
  op.register
    .filter((register) => row.has(register))
    .forEach((register, i) => {
      const shape = svg("rect", { x: x + 3, y: y(register) - 11, width: COLUMN - 6, height: 22, rx: 4 });
      shape.style.fill = colour;
      group.append(shape);
      const said = clipped(i ? "·" : `${name}${op.direction === "inverse" ? "†" : ""}`, 9);
      const text = svg(
        "text",
        { x: x + COLUMN / 2, y: y(register) + (i || !gates ? 4 : -0.5), "text-anchor": "middle" },
        said,
      );
      text.style.fill = inkOn(colour);
      group.append(text);
      if (i === 0 && gates) {
        const number = svg(
          "text",
          { x: x + COLUMN / 2, y: y(register) + 9, "text-anchor": "middle", class: "small" },
          whole(gates),
        );
        number.style.fill = inkOn(colour);
        group.append(number);
      }
    });
  return group;
}

function opTable(view) {
  const rows = view.sets.map((ids, set) => {
    const [one, two] = view.counts[set];
    return [
      ids.join(", "),
      ids.map((id) => view.ops[id].words).join(" + ") || "no op",
      [...new Set(ids.map((id) => view.ops[id].field))].join(", "),
      whole(one),
      whole(two),
      percent(two, view.twoQubit),
    ];
  });
  return table(
    "gates of each op, or of several together",
    ["op", "what", "field of the model", "one-qubit", "two-qubit", "share"],
    rows,
    [3, 4, 5],
  );
}

function legend() {
  const holder = el("div", { class: "legend" });
  const draw = () => {
    const used = new Set([...scene().ops.map(kindOf), ...scene().colourOf]);
    holder.replaceChildren(
      ...KINDS.map((kind, i) => {
        if (!used.has(i)) return null;
        const mark = el("i", {});
        mark.style.background = kind.colour;
        return el("span", {}, mark, kind.name);
      }).filter(Boolean),
    );
  };
  on("circuit", draw);
  draw();
  return holder;
}
