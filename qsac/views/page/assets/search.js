// The search: words of ops, and origin: op: q: gate: with what they have to hold. Terms that go together must all hold.

/** The mask of the gates that a query finds; null where it asks for nothing. */
function search(view, query) {
  const terms = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!terms.length) return null;
  const tests = terms.map((term) => {
    const colon = term.indexOf(":");
    const [field, text] = colon < 0 ? ["", term] : [term.slice(0, colon), term.slice(colon + 1)];
    return test(view, field, text);
  });
  const mask = new Uint8Array(view.gates);
  for (let gate = 0; gate < view.gates; gate++) mask[gate] = tests.every((one) => one(gate)) ? 1 : 0;
  return mask;
}

function test(view, field, text) {
  if (field === "q") {
    const qubits = new Set(
      view.qubits.flatMap((name, i) => (name.toLowerCase() === text || String(view.nodes[i]) === text ? [i] : [])),
    );
    return (gate) => qubits.has(view.first[gate]) || (view.pair(gate) && qubits.has(view.second[gate]));
  }
  if (field === "gate") {
    const kinds = view.kinds.map(([name]) => name.toLowerCase().includes(text));
    return (gate) => kinds[view.kind[gate]];
  }
  const sets = view.sets.map((ids) => ids.some((id) => holds(view.ops[id], field, text)));
  return (gate) => sets[view.group[gate]];
}

/** Whether an op is meant: by its field of the model, by its number or its words. */
function holds(op, field, text) {
  if (field === "origin") {
    const part = partOf(op);
    const title = part < 0 ? "" : page.data.model.parts[part].title;
    return (op.field ?? "").toLowerCase().includes(text) || title.toLowerCase().includes(text);
  }
  const words = `${op.kind} ${op.words} ${op.table ?? ""}`.toLowerCase();
  if (field === "op") return String(op.id) === text || words.includes(text);
  return words.includes(text);
}

function searchBox() {
  const said = el("output", { class: "found", for: "search", "aria-live": "polite" });
  const input = el("input", {
    id: "search",
    type: "search",
    placeholder: "search: load  op:2  origin:/tokens  q:3  gate:zz   ( / )",
    "aria-label": "Search gates: words of ops, op:, origin:, q:, gate:",
    spellcheck: "false",
    autocomplete: "off",
  });
  const run = () => {
    const view = scene();
    page.found = search(view, input.value);
    if (page.found === null) said.textContent = "";
    else {
      const sums = sumsOf(view, page.found);
      const all = page.found.reduce((sum, one) => sum + one, 0);
      said.textContent = `${whole(all)} gates, ${whole(sums.two)} two-qubit, ${percent(sums.two, view.twoQubit)}`;
    }
    emit("found");
  };
  input.addEventListener("input", run);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") nextFound(event.shiftKey ? -1 : 1);
  });
  on("circuit", run);
  on("forget", () => {
    input.value = "";
    run();
  });
  return el("div", { class: "search" }, input, said);
}

/** Come to the next gate that was found, after the middle of what is in view. */
function nextFound(direction) {
  if (page.found === null) return;
  const view = scene();
  const middle = stepAt(GUTTER + (axisView.width - GUTTER) / 2);
  let best = null;
  for (let gate = 0; gate < view.gates; gate++) {
    if (!page.found[gate]) continue;
    const far = (view.step[gate] + 0.5 - middle) * direction;
    if (far > 0.6 && (best === null || far < best[0])) best = [far, gate];
  }
  if (best === null) best = [0, direction > 0 ? page.found.indexOf(1) : page.found.lastIndexOf(1)];
  if (best[1] < 0) return;
  const scale = Math.max(axisView.scale, Math.min(mostScale(), 14 / basePixels()));
  const step = view.step[best[1]] + 0.5;
  setAxis(scale, (axisView.width - GUTTER) / 2 - step * basePixels() * scale);
  light({ gate: best[1], ops: opsOf(view, best[1]) }, "search");
  document.getElementById("circuit").scrollIntoView({ block: "nearest" });
}
