// Colours: the palette of Okabe and Ito, which people with any colour vision tell apart, and what the theme adds.

const KINDS = [
  { name: "index states", colour: "#E69F00", of: /^(prepare|select|weigh|advance)/ },
  { name: "loads", colour: "#0072B2", of: /^(load|stage|phase)/ },
  { name: "inverse loads", colour: "#56B4E9", of: null },
  { name: "unitaries", colour: "#009E73", of: /^(apply|unitary|evolve|rotate)/ },
  { name: "projections", colour: "#D55E00", of: /^(project|measure)/ },
  { name: "observations", colour: "#CC79A7", of: /^save/ },
  { name: "other ops", colour: "#F0E442", of: /./ },
  { name: "several ops at once", colour: "#8A8F98", of: null },
];
const INVERSE = 2;
const SEVERAL = KINDS.length - 1;

/** Which of KINDS an op is. */
function kindOf(op) {
  const kind = KINDS.findIndex((one) => one.of !== null && one.of.test(op.kind));
  return kind === 1 && op.direction === "inverse" ? INVERSE : kind;
}

/** The channels of a colour #rrggbb. */
function channels(colour) {
  const number = parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** Black or white: what can be read on a colour. */
function inkOn(colour) {
  const [r, g, b] = channels(colour);
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#101418" : "#FFFFFF";
}

const theme = {};

/** Read the colours of the theme that is on, for what is drawn on canvases. */
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "surface", "line", "ink", "soft", "accent", "low", "high"]) {
    theme[name] = style.getPropertyValue(`--${name}`).trim();
  }
}

const system = window.matchMedia("(prefers-color-scheme: dark)");
let themeChosen = false; // by the reader: then the system's is not followed

/** Show light or dark. */
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  readTheme();
}

function followSystem() {
  if (!themeChosen) setTheme(system.matches ? "dark" : "light");
}

/** Change between light and dark, and tell all drawings. */
function toggleTheme() {
  themeChosen = true;
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  emit("theme");
}

followSystem(); // at once, so that nothing is drawn in the other one first

/** The colour of a share from 0 to 1, from the theme's low to its high. */
function ramp(share) {
  const [low, high] = [channels(theme.low), channels(theme.high)];
  const t = Math.max(0, Math.min(1, share));
  return low.map((one, i) => Math.round(one + (high[i] - one) * t));
}

/** The same as text. */
function rampText(share) {
  return `rgb(${ramp(share).join(",")})`;
}
