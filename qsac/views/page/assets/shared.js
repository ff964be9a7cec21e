// What is pointed at lights everywhere: the gate, its op, its part of the model, the pass that made the op.

/** Point at a gate (by its place), or at ops alone; null at nothing. `from` is the drawing that says so. */
function light(what, from = "") {
  const before = page.lit;
  if (what === null && before === null) return;
  if (what !== null && before !== null && what.gate === before.gate && same(what.ops, before.ops)) return;
  page.lit = what === null ? null : { gate: null, ...what, from };
  emit("lit", page.lit);
}

function same(one, other) {
  return one.length === other.length && one.every((value, i) => value === other[i]);
}

/** The ops that a gate is of. */
function opsOf(view, gate) {
  return view.sets[view.group[gate]];
}

/** The part of the model that an op was made for: the one whose pointer is the longest beginning of the op's. */
function partOf(op) {
  const parts = page.data.model.parts;
  let best = -1;
  for (let i = 0; i < parts.length; i++) {
    const field = parts[i].field;
    const fits =
      op.field !== null && (op.field === field || op.field.startsWith(`${field}/`) || field.startsWith(`${op.field}/`));
    if (fits && (best < 0 || field.length > parts[best].field.length)) best = i;
  }
  return best;
}

/** The pass that made an op, or that merged the gates of several; null where that is not known. */
function passOf(ops) {
  const stages = page.data.stages.circuits[page.current];
  if (ops.length > 1 && stages.mergedBy.length) return stages.mergedBy[stages.mergedBy.length - 1];
  return stages.madeBy === null || !ops.length ? null : stages.madeBy[ops[0]];
}

/** What is said of the pass that made an op. */
function passText(ops) {
  const pass = passOf(ops);
  if (pass === null) return null;
  if (pass === "build") return "as the model's plan built it";
  return ops.length > 1 ? `merged by ${pass}` : `made by ${pass}`;
}

/** Mark elements whose dataset names a lit op, part or pass. */
function markLit(lit) {
  for (const element of document.querySelectorAll(".lit")) element.classList.remove("lit");
  if (lit === null) return;
  const view = scene();
  const parts = new Set(lit.ops.map((id) => partOf(view.ops[id])));
  const pass = passOf(lit.ops);
  for (const element of document.querySelectorAll("[data-op]")) {
    if (element.dataset.op.split(" ").some((id) => lit.ops.includes(Number(id)))) element.classList.add("lit");
  }
  for (const element of document.querySelectorAll("[data-part]")) {
    if (parts.has(Number(element.dataset.part))) element.classList.add("lit");
  }
  if (pass === null) return;
  for (const element of document.querySelectorAll("[data-pass]")) {
    if (element.dataset.pass === pass) element.classList.add("lit");
  }
}
