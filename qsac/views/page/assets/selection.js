// Selecting an area of the circuit: how many gates it holds, and of which ops.

function selectBy(element) {
  let start = null;
  const area = (event) => {
    const view = scene();
    const size = heights(view);
    const [x, y] = d3.pointer(event, element);
    const lane = (at) => Math.max(0, Math.min(view.qubits.length - 1, Math.floor((at - size.tracks) / size.lane)));
    const step = (at) => Math.max(0, Math.min(view.end, stepAt(Math.max(GUTTER, at))));
    const [from, to] = [step(Math.min(start[0], x)), step(Math.max(start[0], x))];
    return { from, to, top: lane(Math.min(start[1], y)), bottom: lane(Math.max(start[1], y)) };
  };
  element.addEventListener("pointerdown", (event) => {
    if (!event.shiftKey || event.button) return;
    event.preventDefault();
    start = d3.pointer(event, element);
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (start === null) return;
    hideTip();
    selectArea(area(event));
  });
  element.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const chosen = area(event);
    start = null;
    if (chosen.to - chosen.from < 1e-6) clearSelection();
    else selectArea(chosen);
  });
}

/** Select the gates that begin in these steps and act on these qubits alone or with others. */
function selectArea(area) {
  const view = scene();
  const mask = new Uint8Array(view.gates);
  for (let gate = 0; gate < view.gates; gate++) {
    const step = view.step[gate] + view.lasts(gate) / 2;
    if (step < area.from || step > area.to) continue;
    const inside = (qubit) => qubit >= area.top && qubit <= area.bottom;
    if (inside(view.first[gate]) || (view.pair(gate) && inside(view.second[gate]))) mask[gate] = 1;
  }
  page.chosen = { mask, area, name: null };
  emit("chosen");
}

function clearSelection() {
  page.chosen = null;
  emit("chosen");
}

/** The sums of a mask of gates: two-qubit gates, one-qubit gates as statistics count them, and those by set of ops. */
function sumsOf(view, mask) {
  const counted = view.kinds.map(([name]) => ["PhasedX", "SX", "X"].includes(name));
  const sums = { two: 0, one: 0, measured: 0, resets: 0, sets: new Map() };
  for (let gate = 0; gate < view.gates; gate++) {
    if (!mask[gate]) continue;
    const kind = view.kind[gate];
    if (view.two[kind]) {
      sums.two++;
      sums.sets.set(view.group[gate], (sums.sets.get(view.group[gate]) ?? 0) + 1);
    } else if (kind === view.measure) sums.measured++;
    else if (kind === view.reset) sums.resets++;
    else if (counted[kind]) sums.one++;
  }
  return sums;
}

/** What the selection, or else what was found, amounts to. */
function showSums(holder) {
  const view = scene();
  const { chosen } = page;
  if (chosen === null) {
    holder.replaceChildren();
    return;
  }
  const sums = sumsOf(view, chosen.mask);
  const rows = [...sums.sets].sort((a, b) => b[1] - a[1]).slice(0, 6);
  holder.replaceChildren(
    el("strong", {}, `${whole(sums.two)} two-qubit gates, ${percent(sums.two, view.twoQubit)}`),
    ` · ${whole(sums.one)} one-qubit gates · ${whole(sums.measured)} measurements · ${whole(sums.resets)} resets${chosen.name === null ? "" : ` of: ${chosen.name}`} `,
    el("button", { type: "button", on: { click: clearSelection } }, "clear (Esc)"),
    el(
      "ul",
      {},
      rows.map(([set, count]) => {
        const mark = el("i", {});
        mark.style.background = KINDS[view.colourOf[set]].colour;
        return el(
          "li",
          {},
          mark,
          `${whole(count)} of ${view.sets[set].map((id) => view.ops[id].words).join(" + ") || "no op"}`,
        );
      }),
    ),
  );
}
