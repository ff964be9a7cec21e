// The device of a routed circuit: its coupling graph by error, where qubits go, and for whom gates move them.

let watched = 0; // the logical qubit whose way is shown

function deviceSection() {
  const { device } = page.data;
  if (device === null) return null;
  const holder = el("div", {});
  let placed = null;
  const draw = () => {
    placed ??= layout(device.nodes.length, device.edges);
    holder.replaceChildren(...deviceParts(scene(), device, placed));
  };
  on("circuit", () => ((watched = 0), draw()));
  on("theme", draw);
  on("ready", draw); // a large graph takes a while, and is far down
  return section(
    "device",
    "Device",
    "the coupling graph by error rate, the way of each qubit, and which gates are moves",
    holder,
  );
}

function deviceParts(view, device, placed) {
  const names = view.initial.map((_, logical) => `logical ${logical}${registerOf(view, logical)}`);
  const select = el(
    "select",
    { "aria-label": "the logical qubit whose way is shown" },
    names.map((name, i) => el("option", { value: i }, name)),
  );
  select.value = String(watched);
  const graphs = el("div", { class: "columns even" });
  const draw = () => graphs.replaceChildren(graphOf(view, device, placed), waysOf(view));
  select.addEventListener("change", () => {
    watched = Number(select.value);
    draw();
  });
  draw();
  return [
    el(
      "div",
      { class: "tools" },
      el("label", {}, "the way of ", select),
      el(
        "span",
        { class: "note" },
        view.followed
          ? "all moves are known: they lead to the circuit's final map"
          : "not every move is known: a router may merge moves with other gates, or reuse measured qubits",
      ),
    ),
    graphs,
    moveTable(view),
  ];
}

function registerOf(view, logical) {
  if (view.allocation === null) return "";
  const names = Object.entries(view.allocation).flatMap(([name, qubits]) =>
    qubits.includes(logical) ? [`${name}[${qubits.indexOf(logical)}]`] : [],
  );
  return names.length ? ` · ${names.join(", ")}` : "";
}

/** The graph: edges by their error, the circuit's nodes filled, the way of a qubit as a line. */
function graphOf(view, device, placed) {
  const [w, pad] = [560, 16];
  const h = Math.max(120, placed.ratio * (w - 2 * pad) + 2 * pad);
  const at = placed.places.map(([x, y]) => [pad + x * (w - 2 * pad), pad + y * (w - 2 * pad)]);
  const known = device.edges
    .map((edge) => edge[2])
    .filter((error) => error !== null && error < 0.5)
    .sort((a, b) => a - b);
  const [least, most] = [known[0] ?? 0, known[Math.floor(known.length * 0.95)] ?? 1];
  const share = (error) => (most > least ? Math.min(1, Math.max(0, (error - least) / (most - least))) : 0.5);
  const box = svg("svg", {
    viewBox: `0 0 ${w} ${h}`,
    class: "graph",
    role: "img",
    "aria-label": `coupling graph of ${device.nodes.length} qubits`,
  });
  const used = new Map(view.nodes.map((node, place) => [node, place]));
  const edgeLines = device.edges.map(([a, b, error]) => {
    const inside = used.has(device.nodes[a]) && used.has(device.nodes[b]);
    const line = svg("line", {
      x1: at[a][0],
      y1: at[a][1],
      x2: at[b][0],
      y2: at[b][1],
      class: inside ? "edge used" : "edge",
    });
    if (error !== null) line.style.stroke = error >= 0.5 ? theme.soft : rampText(0.15 + 0.85 * share(error));
    line.addEventListener("mousemove", (event) =>
      showTip(
        event,
        `${device.nodes[a]} – ${device.nodes[b]}`,
        error === null ? "error not known" : `two-qubit error ${short(error, 3)}`,
      ),
    );
    line.addEventListener("mouseleave", hideTip);
    return line;
  });
  const spot = new Map(device.nodes.map((node, i) => [node, at[i]]));
  const way = view.ways[watched].map(([, place]) => spot.get(view.nodes[place])).filter(Boolean);
  const track = svg("path", {
    class: "way",
    d: way.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join(""),
  });
  const tree = d3.quadtree(at.map(([x, y], i) => [x, y, i]));
  const radius = Math.max(2, Math.min(7, 42 / Math.sqrt(device.nodes.length)));
  const circles = device.nodes.map((node, i) => {
    const circle = svg("circle", {
      cx: at[i][0],
      cy: at[i][1],
      r: used.has(node) ? radius + 1.5 : radius,
      class: used.has(node) ? "node used" : "node",
    });
    return used.has(node)
      ? [circle, svg("text", { x: at[i][0], y: at[i][1] - radius - 4, "text-anchor": "middle" }, String(node))]
      : [circle];
  });
  box.append(...edgeLines, track, ...circles.flat());
  if (way.length) box.append(svg("circle", { cx: way[0][0], cy: way[0][1], r: 3.5, class: "start" }));
  box.addEventListener("mousemove", (event) => {
    const near = tree.find(...d3.pointer(event, box), 12);
    if (near === undefined) return;
    const node = device.nodes[near[2]];
    showTip(
      event,
      `qubit ${node}`,
      device.readout === null ? null : `readout error ${short(device.readout[near[2]], 3)}`,
      used.has(node) ? "used by the circuit" : "not used",
    );
  });
  box.addEventListener("mouseleave", hideTip);
  const scale = el("span", { class: "ramp" });
  scale.style.background = `linear-gradient(to right, ${rampText(0.15)}, ${rampText(1)})`;
  return el(
    "figure",
    {},
    el("figcaption", {}, "coupling graph; edges from ", short(least, 2), " ", scale, ` ${short(most, 2)} or more`),
    box,
  );
}

/** Where each logical qubit is over time; the one that is watched is drawn over the others. */
function waysOf(view) {
  const [w, row, left] = [560, 24, 52];
  const h = view.qubits.length * row + 28;
  const x = d3.scaleLinear([0, view.end], [left, w - 6]);
  const y = (place) => place * row + row / 2;
  const box = svg("svg", {
    viewBox: `0 0 ${w} ${h}`,
    class: "ways",
    role: "img",
    "aria-label": "the way of each logical qubit over the machine's qubits",
  });
  d3.select(box)
    .append("g")
    .attr("class", "axis")
    .attr("transform", `translate(0,${h - 22})`)
    .call(d3.axisBottom(x).ticks(6).tickSizeOuter(0));
  view.nodes.forEach((node, place) =>
    box.append(svg("text", { x: left - 6, y: y(place) + 4, "text-anchor": "end", class: "soft" }, String(node))),
  );
  const path = (way) => {
    let text = `M${x(0)},${y(way[0][1])}`;
    for (let i = 1; i < way.length; i++)
      text += `L${x(Math.max(way[i - 1][0], way[i][0] - 3)).toFixed(1)},${y(way[i - 1][1])}L${x(way[i][0]).toFixed(1)},${y(way[i][1])}`;
    return `${text}L${x(view.end)},${y(way[way.length - 1][1])}`;
  };
  const order = view.ways.map((_, logical) => logical).filter((logical) => logical !== watched);
  for (const logical of [...order, watched])
    box.append(svg("path", { d: path(view.ways[logical]), class: logical === watched ? "line watched" : "line" }));
  return el(
    "figure",
    {},
    el(
      "figcaption",
      {},
      `the way of logical qubit ${watched} over the machine's qubits, ${view.ways[watched].length - 1} moves`,
    ),
    box,
  );
}

/** Which gates move qubits, by the ops that they are for. */
function moveTable(view) {
  if (view.moves === null) return null;
  const sums = new Map();
  const all = [0, 0, 0];
  for (let gate = 0; gate < view.gates; gate++) {
    if (!view.pair(gate)) continue;
    const kind = view.moves[gate];
    all[kind]++;
    const of = sums.get(view.group[gate]) ?? [0, 0, 0];
    of[kind]++;
    sums.set(view.group[gate], of);
  }
  const rows = [...sums]
    .sort((a, b) => b[1][1] + b[1][2] - a[1][1] - a[1][2])
    .map(([set, of]) => [
      view.sets[set].map((id) => view.ops[id].words).join(" + ") || "no op",
      ...of.slice(1).map(whole),
      whole(of[0]),
    ]);
  const counts = `${whole(all[1])} are moves and nothing else, ${whole(all[2])} move and interact in one`;
  const rest = view.followed ? `${whole(all[0])} move nothing` : `${whole(all[0])} are not known to move anything`;
  const said = `Of ${whole(view.twoQubit)} two-qubit gates ${counts}, ${rest}.`;
  return el(
    "div",
    {},
    el("p", {}, said),
    table("moves by op", ["for", "moves", "move and interact", "others"], rows, [1, 2, 3]),
  );
}
