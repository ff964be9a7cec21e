// Keys: W A S D and + - 0 for the circuit, / for the search, Esc to forget, [ ] for other circuits, T for the theme.

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (event.key === "Escape") return forget();
    if (typing) return undefined;
    const act = KEYS[event.key.toLowerCase()];
    if (act === undefined) return undefined;
    event.preventDefault();
    return act();
  });
}

const KEYS = {
  w: () => zoomBy(1.5),
  s: () => zoomBy(1 / 1.5),
  a: () => panBy(-0.15),
  d: () => panBy(0.15),
  "+": () => zoomBy(1.5),
  "=": () => zoomBy(1.5),
  "-": () => zoomBy(1 / 1.5),
  0: () => setAxis(1, 0),
  "/": () => document.getElementById("search").focus(),
  "[": () => choose(page.current - 1),
  "]": () => choose(page.current + 1),
  t: toggleTheme,
};

/** Forget what is searched, selected and pointed at. */
function forget() {
  hideTip();
  emit("forget");
  clearSelection();
  light(null);
  document.activeElement?.blur();
}
