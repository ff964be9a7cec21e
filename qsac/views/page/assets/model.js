// The model: its parts and what of the circuit is made for each, tokens and scores as heat maps, kernels as curves.

function modelSection() {
  const { model } = page.data;
  const left = model.parts.length ? partTable() : factTable(model.summary);
  return section(
    "model",
    "Model",
    "what is computed, and which part of it the gates are for",
    el("div", { class: "columns wide" }, left, el("div", { class: "curves" }, model.curves.map(curve))),
    model.maps.length ? el("div", { class: "maps" }, model.maps.map(heatMap)) : null,
    model.parts.length
      ? el("details", { class: "plain" }, el("summary", {}, "The model in words"), factTable(model.summary))
      : null,
    icicle(),
  );
}

function factTable(facts) {
  const rows = facts.map(([name, text]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, text)));
  return el("div", { class: "scroll" }, el("table", { class: "facts" }, el("tbody", {}, rows)));
}

function partTable() {
  const { parts } = page.data.model;
  const counts = gatesByPart();
  const all = page.scenes.reduce((sum, view) => sum + view.twoQubit, 0);
  const rows = parts.map((part, i) =>
    el(
      "tr",
      {
        data: { part: i },
        tabindex: 0,
        on: {
          mouseenter: () => lightPart(i),
          focus: () => lightPart(i),
          mouseleave: () => light(null),
          blur: () => light(null),
        },
      },
      el("th", { scope: "row" }, part.title),
      el("td", {}, part.text, el("code", { class: "pointer" }, part.field)),
      el("td", { class: "number" }, whole(counts[i]), el("span", { class: "note" }, ` ${percent(counts[i], all)}`)),
    ),
  );
  return table("parts of the model", ["part", "", "two-qubit gates"], rows, [2]);
}

/** Two-qubit gates of each part of the model, over all circuits; those of several parts count for each. */
function gatesByPart() {
  const counts = new Array(page.data.model.parts.length).fill(0);
  for (const view of page.scenes) {
    view.sets.forEach((ids, set) => {
      for (const part of new Set(ids.map((id) => partOf(view.ops[id]))))
        if (part >= 0) counts[part] += view.counts[set][1];
    });
  }
  return counts;
}

function lightPart(part) {
  const ops = scene()
    .ops.filter((op) => partOf(op) === part)
    .map((op) => op.id);
  light({ ops }, "model");
}

/** A kernel g(s) between -1 and 1. */
function curve(given) {
  const [w, h, pad] = [230, 130, 36];
  const g = (s) => given.coefficients.reduceRight((sum, c) => sum * s + c, 0);
  const points = Array.from({ length: 81 }, (_, i) => -1 + i / 40).map((s) => [s, g(s)]);
  const most = Math.max(...points.map(([, y]) => Math.abs(y)), 1e-300);
  const x = d3.scaleLinear([-1, 1], [pad, w - 12]);
  const y = d3.scaleLinear([-most, most], [h - 20, 6]);
  const path = points.map(([s, value], i) => `${i ? "L" : "M"}${x(s).toFixed(1)},${y(value).toFixed(1)}`).join("");
  const box = svg("svg", {
    viewBox: `0 0 ${w} ${h}`,
    width: w,
    height: h,
    role: "img",
    "aria-label": `${given.title}: ${given.formula}`,
  });
  d3.select(box)
    .append("g")
    .attr("class", "axis")
    .attr("transform", `translate(0,${h - 16})`)
    .call(d3.axisBottom(x).ticks(3).tickSize(3));
  box.append(svg("line", { x1: pad, x2: w - 12, y1: y(0), y2: y(0), class: "wire" }));
  d3.select(box)
    .append("g")
    .attr("class", "axis")
    .attr("transform", `translate(${pad},0)`)
    .call(d3.axisLeft(y).ticks(3, "~g").tickSize(3));
  box.append(svg("path", { d: path, class: "curve" }));
  return el(
    "figure",
    { data: { part: page.data.model.parts.findIndex((part) => part.field === given.field) } },
    el("figcaption", {}, given.title, " ", el("code", {}, given.formula)),
    box,
  );
}

/** Where the two-qubit gates go: circuits, parts of the model, ops. */
function icicle() {
  const tree = {
    name: page.data.head.name,
    children: page.scenes.map((view, place) => ({ name: view.name, circuit: place, children: byPart(view, place) })),
  };
  const root = d3.hierarchy(tree.children.length === 1 ? tree.children[0] : tree).sum((node) => node.gates ?? 0);
  if (!root.value) return null;
  const [w, row] = [drawingWidth(), 24];
  d3.partition().size([w, row * (root.height + 1)])(root);
  const box = svg("svg", {
    viewBox: `0 0 ${w} ${row * (root.height + 1)}`,
    class: "icicle",
    role: "img",
    "aria-label": "where the two-qubit gates go: circuits, parts of the model, ops",
  });
  for (const node of root.descendants()) {
    const { name, kind, ops, circuit } = node.data;
    const width = node.x1 - node.x0;
    if (width < 0.5) continue;
    const fill = kind === undefined ? null : KINDS[kind].colour;
    const shape = svg("rect", {
      x: node.x0,
      y: node.y0,
      width: Math.max(width - 1, 0.5),
      height: row - 1,
      rx: 2,
      class: fill === null ? "plain" : "op",
    });
    if (fill !== null) shape.style.fill = fill;
    const said = `${whole(node.value)} two-qubit gates, ${percent(node.value, root.value)}`;
    const group = svg(
      "g",
      {
        data: circuit === page.current && ops ? { op: ops.join(" ") } : {},
        on: {
          mousemove: (event) => showTip(event, name, said),
          mouseleave: () => (hideTip(), light(null)),
          mouseenter: () => ops && circuit === page.current && light({ ops }, "icicle"),
        },
      },
      shape,
    );
    if (width > 46) {
      const text = svg("text", { x: node.x0 + 5, y: node.y0 + row / 2 + 4 }, clipped(name, Math.floor(width / 6.4)));
      if (fill !== null) text.style.fill = inkOn(fill);
      group.append(text);
    }
    box.append(group);
  }
  return el("figure", { class: "full" }, el("figcaption", {}, "where the two-qubit gates go"), box);
}

function byPart(view, circuit) {
  const parts = new Map();
  view.sets.forEach((ids, set) => {
    const gates = view.counts[set][1];
    if (!gates) return;
    const names = [...new Set(ids.map((id) => partName(view.ops[id])))];
    const name = names.length > 1 ? "several parts" : (names[0] ?? "no origin");
    if (!parts.has(name)) parts.set(name, []);
    parts.get(name).push({
      name: ids.map((id) => view.ops[id].words).join(" + ") || "no op",
      gates,
      ops: ids,
      circuit,
      kind: view.colourOf[set],
    });
  });
  return [...parts].map(([name, children]) => ({ name, children, circuit }));
}

/** What the part of the model is called that an op was made for: its field, where the family names no parts. */
function partName(op) {
  const part = partOf(op);
  return part < 0 ? (op.field ?? "no origin") : page.data.model.parts[part].title;
}
