// The circuit section: canvas, minimap, what is pointed at, zooming and panning.

const MINI = 44;

function circuitSection() {
  const drawn = canvas(() => heights(scene()).all, "the circuit: gates of each qubit over steps", drawCircuit);
  drawn.element.id = "circuit-canvas";
  drawn.element.tabIndex = 0;
  const mini = canvas(MINI, "the whole circuit, and what part of it is shown above", drawMinimap);
  const level = el("span", { class: "note", id: "level", "aria-live": "polite" });
  const inspector = el("div", { class: "inspector", id: "inspector", "aria-live": "polite" });
  const sums = el("div", { class: "sums", id: "sums", "aria-live": "polite" });
  const redraw = () => {
    level.textContent = `showing ${levelOfDetail()}`;
    drawn.redraw();
    mini.redraw();
  };
  on("axis", redraw);
  on("lit", () => {
    drawn.redraw();
    inspect(inspector);
  });
  on("found", redraw);
  on("chosen", () => {
    drawn.redraw();
    showSums(sums);
  });
  on("circuit", () => {
    setAxis(1, 0);
    page.chosen = null;
    emit("chosen");
  });
  on("op", (id) => showOp(id));
  on("sized", () => (level.textContent = `showing ${levelOfDetail()}`));
  navigate(drawn.element);
  navigateMini(mini.element);
  inspect(inspector);
  showSums(sums);
  const button = (text, title, act) =>
    el("button", { type: "button", title, "aria-label": title, on: { click: act } }, text);
  return section(
    "circuit",
    "Circuit",
    "every gate as early as its qubits allow",
    el(
      "div",
      { class: "tools" },
      button("+", "zoom in (+ or W)", () => zoomBy(1.6)),
      button("−", "zoom out (- or S)", () => zoomBy(1 / 1.6)),
      button("fit", "show all (0)", () => setAxis(1, 0)),
      level,
      el(
        "span",
        { class: "note keys" },
        "drag to move · Ctrl + wheel to zoom · Shift + drag to select an area · W A S D",
      ),
    ),
    el("div", { class: "work" }, el("div", { class: "drawing" }, drawn.box, mini.box, sums), inspector),
    behind("Gates", () => gateTable(scene())),
  );
}

/** What is known of the gate or the op that is pointed at. */
function inspect(holder) {
  const view = scene();
  const { lit } = page;
  if (lit === null || !lit.ops.length) {
    const said = el(
      "p",
      { class: "note" },
      "Point at a gate: its op, its part of the model and the pass that made it are lit, here and in the other sections.",
    );
    holder.replaceChildren(said, ...(lit !== null && lit.gate !== null ? [el("p", {}, gateText(view, lit.gate))] : []));
    return;
  }
  const ops = lit.ops.map((id) => view.ops[id]);
  const parts = [...new Set(ops.map(partOf))].filter((part) => part >= 0).map((part) => page.data.model.parts[part]);
  const set = view.sets.findIndex((ids) => same(ids, lit.ops));
  const counts = set < 0 ? null : view.counts[set];
  const entry = (name, ...content) =>
    el("div", { class: "entry" }, el("span", { class: "name" }, name), ...content.map((one) => el("div", {}, one)));
  holder.replaceChildren(
    ...[
      lit.gate === null
        ? null
        : entry(
            "gate",
            gateText(view, lit.gate),
            `number ${whole(lit.gate)}, step ${whole(view.step[lit.gate])}`,
            moveText(view, lit.gate),
          ),
      entry(
        ops.length > 1 ? "ops" : "op",
        ...ops.slice(0, 6).map((op) => `${op.id}: ${op.words}`),
        ops.length > 6 ? `and ${ops.length - 6} more` : null,
        ops[0].table === null ? null : `table ${ops[0].table}`,
      ),
      entry(
        "model",
        ...(parts.length
          ? parts.map((part) => `${part.title} (${part.field})`)
          : ops.map((op) => op.field ?? "no field")),
      ),
      passText(lit.ops) === null ? null : entry("pass", passText(lit.ops)),
      counts === null
        ? null
        : entry(
            "gates",
            `${whole(counts[1])} two-qubit (${percent(counts[1], view.twoQubit)}), ${whole(counts[0])} one-qubit`,
          ),
    ].filter(Boolean),
  );
}

function moveText(view, gate) {
  if (view.moves === null || !view.moves[gate]) return null;
  return view.moves[gate] === 1 ? "part of a move of qubits" : "part of a move and an interaction in one";
}

/** The gate that is nearest to a place of the canvas; -1 where there is none. */
function gateAt(view, x, y) {
  const size = heights(view);
  const lane = Math.floor((y - size.tracks) / size.lane);
  if (lane < 0 || lane >= view.qubits.length || x < GUTTER) return -1;
  const reach = Math.max(0, Math.ceil(3 / stepPixels()) - 1);
  const middle = Math.floor(stepAt(x));
  let [best, nearest] = [-1, Infinity];
  for (let step = Math.max(0, middle - reach); step <= Math.min(view.end, middle + reach); step++) {
    for (let at = view.starts[step]; at < view.starts[step + 1]; at++) {
      const gate = view.order[at];
      const on = view.first[gate] === lane || (view.pair(gate) && view.second[gate] === lane);
      const between = view.pair(gate) && (view.first[gate] - lane) * (view.second[gate] - lane) < 0;
      const far = Math.abs(xOf(step + view.lasts(gate) / 2) - x) + (on ? 0 : between ? 50 : Infinity);
      if (far < nearest) [best, nearest] = [gate, far];
    }
  }
  return best;
}

/** The op whose box in the tracks is at a place of the canvas; -1 where there is none. */
function opAt(view, x, y) {
  const track = Math.floor((y - RULER) / TRACK);
  if (y < RULER || y > heights(view).tracks || x < GUTTER) return -1;
  const step = stepAt(x);
  return view.ops.findIndex(
    (op) =>
      view.track[op.id] === track &&
      view.spans[op.id][0] <= step &&
      Math.max(view.spans[op.id][1], view.spans[op.id][0] + 1) >= step,
  );
}

function navigate(element) {
  const behaviour = d3
    .zoom()
    .scaleExtent([1, Infinity])
    .filter((event) =>
      event.type === "wheel" ? event.ctrlKey || event.metaKey || event.shiftKey : !event.shiftKey && !event.button,
    )
    .on("zoom", (event) => {
      if (!event.sourceEvent) return;
      if (event.sourceEvent.type === "wheel" && event.sourceEvent.shiftKey) {
        panBy((event.sourceEvent.deltaY + event.sourceEvent.deltaX) / 1200);
      } else {
        const { k, x } = event.transform;
        setAxis(k, x + GUTTER * (k - 1));
      }
      settle();
    });
  // The axis is the truth: after each change, by whatever way, the transform of the zoom is that of the axis.
  const settle = () => {
    const { scale, offset } = axisView;
    element.__zoom = d3.zoomIdentity.translate(offset - GUTTER * (scale - 1), 0).scale(scale);
  };
  const limit = () => behaviour.scaleExtent([1, mostScale()]);
  on("axis", settle);
  on("sized", limit);
  on("circuit", limit);
  d3.select(element).call(behaviour).on("dblclick.zoom", null);
  element.addEventListener("mousemove", (event) => {
    if (event.buttons) return;
    const [x, y] = d3.pointer(event, element);
    const view = scene();
    const gate = gateAt(view, x, y);
    if (gate >= 0) {
      light({ gate, ops: opsOf(view, gate) }, "circuit");
      showTip(event, gateText(view, gate), originText(view, gate), passText(opsOf(view, gate)));
      return;
    }
    const op = opAt(view, x, y);
    light(op < 0 ? null : { ops: [op] }, "circuit");
    if (op < 0) hideTip();
    else showTip(event, view.ops[op].words, view.ops[op].field, passText([op]));
  });
  element.addEventListener("mouseleave", () => (hideTip(), light(null)));
  element.addEventListener("dblclick", (event) => {
    const op = opAt(scene(), ...d3.pointer(event, element));
    if (op >= 0) showOp(op);
    else zoomBy(2.4, d3.pointer(event, element)[0]);
  });
  selectBy(element);
}

/** Show the steps of an op, select its gates, and come to the circuit. */
function showOp(id) {
  const view = scene();
  const [first, last] = view.spans[id];
  if (last < 0) return;
  showSteps(first, last);
  const mask = new Uint8Array(view.gates);
  for (let i = 0; i < view.gates; i++) mask[i] = opsOf(view, i).includes(id) ? 1 : 0;
  page.chosen = { mask, area: null, name: view.ops[id].words };
  emit("chosen");
  document.getElementById("circuit").scrollIntoView({ block: "nearest" });
}

let overview = { of: null, width: 0, found: null, image: null };

function drawMinimap(context, width, height) {
  const view = scene();
  const columns = Math.max(1, Math.floor(width - GUTTER - 6));
  if (overview.of !== view || overview.width !== columns || overview.found !== page.found) {
    const [counts, colours] = density(
      view,
      columns,
      view.qubits.length,
      0,
      view.end,
      (step) => Math.min(columns - 1, Math.floor((step / view.end) * columns)),
      null,
    );
    const image = densityImage(counts, colours, columns, view.qubits.length);
    const copy = new OffscreenCanvas(columns, view.qubits.length);
    copy.getContext("2d").drawImage(image, 0, 0);
    overview = { of: view, width: columns, found: page.found, image: copy };
  }
  context.imageSmoothingEnabled = false;
  context.drawImage(overview.image, GUTTER, 4, columns, height - 8);
  const left = GUTTER + -axisView.offset / (axisView.scale || 1);
  context.strokeStyle = theme.ink;
  context.lineWidth = 1.5;
  context.strokeRect(left, 2, Math.max(4, columns / axisView.scale), height - 4);
}

function navigateMini(element) {
  const go = (event) => {
    const [x] = d3.pointer(event, element);
    const share = (x - GUTTER) / Math.max(1, axisView.width - GUTTER - 6) - 0.5 / axisView.scale;
    setAxis(axisView.scale, -share * (axisView.width - GUTTER - 6) * axisView.scale);
  };
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    go(event);
  });
  element.addEventListener("pointermove", (event) => event.buttons && go(event));
}

const MOST_GATES = 2000;

function gateTable(view) {
  const shown = Math.min(view.gates, MOST_GATES);
  const rows = Array.from({ length: shown }, (_, gate) => [
    String(gate),
    String(view.step[gate]),
    gateText(view, gate),
    originText(view, gate),
  ]);
  const rest = view.gates - shown;
  return el(
    "div",
    {},
    table("gates in their order", ["gate", "step", "what", "of the ops"], rows, [0, 1]),
    rest ? el("p", { class: "note" }, `and ${whole(rest)} more: qsac compile --emit qasm3 writes them all`) : null,
  );
}
