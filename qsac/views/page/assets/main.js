// Puts the page together.

const SECTIONS = [
  ["model", "Model"],
  ["program", "Program"],
  ["circuit", "Circuit"],
  ["passes", "Passes"],
  ["allocation", "Allocation"],
  ["device", "Device"],
  ["readout", "Readout"],
  ["verification", "Verification"],
];

function topBar() {
  const links = SECTIONS.filter(([id]) => id !== "device" || page.data.device !== null).map(([id, title]) =>
    el("a", { href: `#${id}` }, title),
  );
  const chooser = el(
    "select",
    { id: "chooser", "aria-label": "circuit" },
    page.scenes.map((view, i) => el("option", { value: i }, view.name)),
  );
  chooser.addEventListener("change", () => choose(Number(chooser.value)));
  on("circuit", () => (chooser.value = String(page.current)));
  return el(
    "header",
    { class: "bar" },
    el("a", { class: "brand", href: "#head" }, "qsac"),
    el("nav", { "aria-label": "sections" }, links),
    page.scenes.length > 1 ? chooser : null,
    searchBox(),
    el(
      "button",
      {
        type: "button",
        id: "theme",
        title: "light or dark (T)",
        "aria-label": "light or dark",
        on: { click: toggleTheme },
      },
      "◐",
    ),
  );
}

/** On paper everything is unfolded and light, what is drawn on canvases too. */
function printInLight() {
  let before = null;
  const change = (name) => {
    setTheme(name);
    emit("theme");
    emit("print");
  };
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.section")) details.open = true;
    before ??= document.documentElement.dataset.theme;
    change("light");
  });
  window.addEventListener("afterprint", () => {
    if (before !== null) change(before);
    before = null;
  });
}

async function start() {
  page.data = await readData();
  page.scenes = await Promise.all(page.data.circuits.map((_, place) => makeScene(place)));
  system.addEventListener("change", () => {
    followSystem();
    emit("theme");
  });
  on("lit", markLit);
  const sections = [
    headSection(),
    modelSection(),
    programSection(),
    circuitSection(),
    passesSection(),
    allocationSection(),
    deviceSection(),
    readoutSection(),
    verificationSection(),
  ];
  document.body.append(
    topBar(),
    el("main", {}, sections),
    el("footer", {}, `made by qsac view · sha256 of the model ${page.data.head.sha256}`),
    tip,
  );
  listenToKeys();
  printInLight();
  // For the console, and for measurements: what the page holds, and how it moves.
  window.qsac = { page, axis: axisView, setAxis, zoomBy, panBy, showSteps, selectArea };
  requestAnimationFrame(() => {
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
    setTimeout(() => emit("ready"));
  });
}

start();
