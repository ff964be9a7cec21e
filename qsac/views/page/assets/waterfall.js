// The waterfall: two-qubit gates after each pass that changed them, from the first program to the circuit.

function waterfall(passes, final) {
  const bars = passes.filter((pass) => pass.before !== pass.after);
  const first = passes.length ? passes[0].before : final;
  const rows = [{ name: "as built", from: 0, to: first, total: true }];
  let known = first;
  for (const pass of bars) {
    if (pass.before !== known) rows.push({ name: `counted as ${pass.level}s`, from: known, to: pass.before });
    rows.push({ name: pass.name, from: pass.before, to: pass.after, pass: pass.name });
    known = pass.after;
  }
  if (known !== final) rows.push({ name: "as emitted", from: known, to: final });
  rows.push({ name: "circuit", from: 0, to: final, total: true });
  const [w, row, left] = [560, 24, 150];
  const h = rows.length * row + 26;
  const most = Math.max(...rows.flatMap((one) => [one.from, one.to]), 1);
  const x = d3.scaleLinear([0, most], [left, w - 64]).nice();
  const box = svg("svg", {
    viewBox: `0 0 ${w} ${h}`,
    width: w,
    height: h,
    class: "waterfall",
    role: "img",
    "aria-label": `two-qubit gates from ${first} to ${final}`,
  });
  d3.select(box)
    .append("g")
    .attr("class", "axis")
    .attr("transform", `translate(0,${h - 22})`)
    .call(d3.axisBottom(x).ticks(5).tickSizeOuter(0));
  rows.forEach((one, i) => {
    const [a, b] = [x(Math.min(one.from, one.to)), x(Math.max(one.from, one.to))];
    const kind = one.total ? "total" : one.to < one.from ? "fewer" : "more";
    const change = one.total ? whole(one.to) : `${one.to > one.from ? "+" : "−"}${whole(Math.abs(one.to - one.from))}`;
    box.append(
      svg(
        "g",
        { data: one.pass === undefined ? {} : { pass: one.pass } },
        svg("text", { x: left - 8, y: i * row + row / 2 + 4, "text-anchor": "end" }, one.name),
        svg("rect", { x: a, y: i * row + 4, width: Math.max(1, b - a), height: row - 8, rx: 2, class: kind }),
        svg("text", { x: b + 6, y: i * row + row / 2 + 4, class: "soft" }, change),
      ),
    );
  });
  return el("figure", {}, el("figcaption", {}, "two-qubit gates after each pass that changed them"), box);
}
