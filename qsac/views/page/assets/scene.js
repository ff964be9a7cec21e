// A circuit as columns, with what drawings ask of it: which gates a step has, blocks, the span of each op, moves.

/** The scene of a circuit by its place; its columns are unpacked here. */
async function makeScene(place) {
  const circuit = page.data.circuits[place];
  const names = ["kind", "first", "second", "angle", "axis", "group", "step"];
  const [kind, first, shifted, angle, axis, group, step] = await Promise.all(
    names.map((name) => page.data.column(`${place}.${name}`)),
  );
  const gates = circuit.gates;
  const two = circuit.kinds.map(([, qubits]) => qubits === 2);
  const measure = circuit.kinds.findIndex(([name]) => name === "Measure");
  const reset = circuit.kinds.findIndex(([name]) => name === "Reset");
  const rz = circuit.kinds.findIndex(([name]) => name === "Rz");
  const second = new Int32Array(gates);
  for (let i = 0; i < gates; i++) second[i] = shifted[i] - 1;
  const view = { ...circuit, place, kind, first, second, angle, axis, group, step, two, measure, reset, rz };
  view.pair = (gate) => two[kind[gate]];
  view.lasts = (gate) => (kind[gate] === rz ? 0 : 1);
  view.end = 1;
  for (let i = 0; i < gates; i++) view.end = Math.max(view.end, step[i] + view.lasts(i));
  view.colourOf = circuit.sets.map((ids) =>
    ids.length > 1 ? SEVERAL : ids.length ? kindOf(circuit.ops[ids[0]]) : SEVERAL,
  );
  byStep(view);
  spans(view);
  view.blocks = blocks(view);
  await follow(view);
  return view;
}

/** The gates in the order of their steps: those of step s are order[starts[s]] to order[starts[s + 1] - 1]. */
function byStep(view) {
  const starts = new Int32Array(view.end + 2);
  for (let i = 0; i < view.gates; i++) starts[view.step[i] + 1]++;
  for (let s = 0; s <= view.end; s++) starts[s + 1] += starts[s];
  const next = starts.slice();
  const order = new Int32Array(view.gates);
  for (let i = 0; i < view.gates; i++) order[next[view.step[i]]++] = i;
  view.starts = starts;
  view.order = order;
}

/** Of each op the steps from its first gate to its last, and the track that it is drawn in. */
function spans(view) {
  const bounds = view.sets.map(() => [Infinity, -1]);
  for (let i = 0; i < view.gates; i++) {
    const of = bounds[view.group[i]];
    if (view.step[i] < of[0]) of[0] = view.step[i];
    const end = view.step[i] + view.lasts(i);
    if (end > of[1]) of[1] = end;
  }
  view.spans = view.ops.map(() => [Infinity, -1]);
  const alone = view.ops.map(() => [Infinity, -1]);
  view.sets.forEach((ids, set) => {
    for (const id of ids) {
      widen(view.spans[id], bounds[set]);
      if (ids.length === 1) widen(alone[id], bounds[set]);
    }
  });
  // Gates that several ops share would make their boxes overlap: an op's box is that of its own gates.
  alone.forEach((span, id) => {
    if (span[1] >= 0) view.spans[id] = span;
  });
  const ends = [];
  const order = view.ops
    .map((op) => op.id)
    .filter((id) => view.spans[id][1] >= 0)
    .sort((a, b) => view.spans[a][0] - view.spans[b][0] || a - b);
  view.track = new Int32Array(view.ops.length).fill(-1);
  for (const id of order) {
    let track = ends.findIndex((end) => end <= view.spans[id][0]);
    if (track < 0) track = ends.push(0) - 1;
    ends[track] = Math.max(view.spans[id][1], view.spans[id][0] + 1);
    view.track[id] = track;
  }
  view.tracks = ends.length;
}

function widen(span, other) {
  span[0] = Math.min(span[0], other[0]);
  span[1] = Math.max(span[1], other[1]);
}

/** Blocks: runs of gates of the same ops whose two-qubit gates share a qubit, as those of a multiplexor's ladder do. */
function blocks(view) {
  const found = [];
  let run = null;
  const close = () => {
    if (run !== null && run.two) found.push(run);
    run = null;
  };
  for (let i = 0; i < view.gates; i++) {
    if (run !== null && run.group !== view.group[i]) close();
    const [a, b] = [view.first[i], view.pair(i) ? view.second[i] : -1];
    if (run !== null && b >= 0) {
      const shared = run.shared.filter((qubit) => qubit === a || qubit === b);
      if (!shared.length) close();
      else run.shared = shared;
    }
    if (run === null)
      run = {
        group: view.group[i],
        from: Infinity,
        to: 0,
        shared: b >= 0 ? [a, b] : [],
        two: 0,
        top: Infinity,
        bottom: -1,
      };
    if (b < 0) continue;
    if (!run.shared.length) run.shared = [a, b];
    run.two++;
    run.from = Math.min(run.from, view.step[i]);
    run.to = Math.max(run.to, view.step[i] + 1);
    run.top = Math.min(run.top, a, b);
    run.bottom = Math.max(run.bottom, a, b);
  }
  close();
  return found.sort((a, b) => a.from - b.from);
}

/** Which logical qubit is on each place while a gate runs: routers move them. */
async function follow(view) {
  const device = page.data.device === null ? null : page.data.device.circuits[view.place];
  view.moves = device === null || device.moves === null ? null : await page.data.column(device.moves);
  view.followed = device === null || device.followed;
  view.swaps = device === null ? [] : device.swaps;
  const on = new Int32Array(view.qubits.length).fill(-1);
  view.initial.forEach((place, logical) => (on[place] = logical));
  view.logical = [new Int32Array(view.gates), new Int32Array(view.gates)];
  view.ways = view.initial.map((place) => [[0, place]]);
  let next = 0;
  for (let i = 0; i < view.gates; i++) {
    view.logical[0][i] = on[view.first[i]];
    view.logical[1][i] = view.pair(i) ? on[view.second[i]] : -1;
    if (next < view.swaps.length && view.swaps[next][0] === i) {
      const [, a, b] = view.swaps[next++];
      [on[a], on[b]] = [on[b], on[a]];
      for (const place of [a, b]) if (on[place] >= 0) view.ways[on[place]].push([view.step[i] + 1, place]);
    }
  }
}

/** What a gate is, in words. */
function gateText(view, gate) {
  const [name, , parameters] = view.kinds[view.kind[gate]];
  const angles = [view.angle[gate], view.axis[gate]].slice(0, parameters).map((value) => short(value, 5));
  const target = view.pair(gate)
    ? `, ${view.qubits[view.second[gate]]}`
    : view.kind[gate] === view.measure
      ? ` → ${view.bits[view.second[gate]]}`
      : "";
  return `${name}${angles.length ? `(${angles.join(", ")})` : ""} ${view.qubits[view.first[gate]]}${target}`;
}

/** The words of a gate's ops. */
function originText(view, gate) {
  return (
    opsOf(view, gate)
      .map((id) => view.ops[id].words)
      .join(" + ") || "no op is known for it"
  );
}
