// The verification: what was compared with what, and how far apart the numbers are.

function verificationSection() {
  const { verification } = page.data;
  const { recorded, checked, reason, pairs } = verification;
  const said = [];
  said.push(
    recorded === null
      ? "The artifact records no verification."
      : `The artifact records that its circuits were compared with ${named(recorded.how)}, every probability to ${recorded.tolerance}.`,
  );
  if (reason !== null) said.push(`While this page was made nothing was compared: ${reason}.`);
  if (checked !== null) {
    said.push(
      "While this page was made everything in the artifact was read, and what can be recomputed was: statistics, gate set, coupling, maps, groups and readout.",
    );
    if (checked.compared !== null)
      said.push(
        `The stored circuits were simulated and compared with ${named(checked.compared)}: no probability differs by more than ${checked.worst} of the acceptance probability.`,
      );
    if (checked.tooWide !== null) said.push(`Too wide to be compared: ${checked.tooWide}.`);
  }
  const holder = el("div", {});
  const draw = () => holder.replaceChildren(...comparison(pairs.find((one) => one.name === scene().name)));
  on("circuit", draw);
  draw();
  return section(
    "verification",
    "Verification",
    "what was compared with what",
    said.map((sentence) => el("p", {}, sentence)),
    checked === null ? null : findings(checked),
    holder,
    el("p", { class: "note" }, "qsac verify checks an artifact from anyone again."),
  );
}

function findings(checked) {
  if (!checked.findings.length && !checked.notes.length) return el("p", { class: "good" }, "Nothing differs.");
  const rows = checked.findings.map((one) => [one.pointer || "/", one.title, one.found ?? "", one.wanted ?? ""]);
  return el(
    "div",
    {},
    rows.length ? table("findings", ["place", "what differs", "found", "wanted"], rows) : null,
    checked.notes.map((note) => el("p", { class: "note" }, note)),
  );
}

function comparison(found) {
  if (found === undefined) return [];
  const rows = found.rows.map(([name, value, wanted]) => {
    const bar = svg(
      "svg",
      { viewBox: "0 0 100 8", class: "pair", preserveAspectRatio: "none", "aria-hidden": true },
      svg("rect", { x: 0, y: 0, width: 100 * Math.min(1, wanted / (found.rows[0][2] || 1)), height: 3.4 }),
      svg("rect", {
        x: 0,
        y: 4.6,
        width: 100 * Math.min(1, value / (found.rows[0][2] || 1)),
        height: 3.4,
        class: "other",
      }),
    );
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, name.replaceAll("_", " ")),
      el("td", { class: "number" }, short(wanted, 8)),
      el("td", { class: "number" }, short(value, 8)),
      el("td", {}, bar),
    );
  });
  const rest = found.count - found.rows.length;
  return [
    table(
      "probabilities beside each other",
      [
        "joint probability",
        found.how === "program" ? "program" : "closed form",
        "circuit, simulated",
        "as shares of the acceptance",
      ],
      rows,
      [1, 2],
    ),
    rest ? el("p", { class: "note" }, `and ${whole(rest)} more, which agree likewise`) : null,
  ].filter(Boolean);
}
