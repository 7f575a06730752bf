// Asks for images as the controls say, and shows them, or why there are none.
// The controls are kept in the address, so that a link shows the same images.

const STEPS = 24;
const SHARED = ["seed", "truncation", "label"];
const KEPT = [...SHARED, "num_samples", "to"];
const $ = (id) => document.getElementById(id);

const section = document.querySelector("section");
let hasClasses = false;
let labelWidth = null;
let classNames = null;
let hasStyles = false;
let frames = [];
let mixtures = [];
let timer = null;

async function ask(path, names) {
  const query = new URLSearchParams(
    names.map((name) => [name, $(name).value]));
  if (path === "interpolation") query.set("steps", STEPS);
  // The grid can show any label; what lies between two images stays in one.
  const between = path === "interpolation" || path === "mixture";
  const first = labelWidth ? Array(labelWidth).fill(0).join(",") : 0;
  const labelled = hasClasses || labelWidth;
  if (between && labelled && !$("label").value) query.set("label", first);
  let response;
  try {
    response = await fetch(`/api/${path}?${query}`);
  } catch {
    throw new Error("The page's own server does not answer: is it running?");
  }
  const content = await response.json();
  if (!response.ok) throw new Error(content.error);
  return content;
}

function className(number) {
  if (labelWidth) return number.map((part) => part.toFixed(2)).join(", ");
  return classNames ? classNames[number] : String(number);
}

// Names are chosen from a list, which sets the number that is asked for.
function offerNames(names) {
  if (!names) return;
  classNames = names;
  const options = names.map((name, number) => new Option(name, number));
  $("class_name").replaceChildren(new Option("any", ""), ...options);
  $("class_name").value = $("label").value;
  $("class_name").hidden = false;
  $("label").hidden = true;
}

// Numbers with commas between, in the place of a class.
function offerNumbers(width) {
  if (!width) return;
  labelWidth = width;
  // A field for one number has dropped what the address says.
  $("label").type = "text";
  $("label").value = new URLSearchParams(location.search).get("label") ?? "";
  document.querySelector("#classes label").textContent =
    width === 1 ? "Label, a number" : `Label, ${width} numbers`;
}

function showGrid({ images, labels, latency_ms: latency }) {
  const figures = images.map((source, index) => {
    const figure = document.createElement("figure");
    const image = document.createElement("img");
    image.src = source;
    const name = labels && className(labels[index]);
    image.alt = labels ? `a sample of ${labelWidth ? "label" : "class"} ${name}` : "a sample";
    figure.append(image);
    if (labels) {
      const caption = document.createElement("figcaption");
      caption.textContent = name;
      figure.append(caption);
    }
    return figure;
  });
  $("grid").style.setProperty("--columns", Math.ceil(Math.sqrt(images.length)));
  $("grid").replaceChildren(...figures);
  const requests = latency.requests === 1 ? "1 request" : `${latency.requests} requests`;
  $("status").textContent =
    `${images.length} images in ${requests} of ${latency.mean} ms on average`;
}

function showFrame() {
  const index = Number($("position").value);
  $("position_value").textContent = (index / (STEPS - 1)).toFixed(2);
  $("frame").hidden = frames.length === 0;
  if (frames.length) $("frame").src = frames[index];
}

function showMixture() {
  const layers = Math.max(mixtures.length - 1, 0);
  $("cutoff").max = layers;
  $("cutoff_value").textContent = `${$("cutoff").value} of ${layers}`;
  $("mixed").hidden = mixtures.length === 0;
  if (mixtures.length) $("mixed").src = mixtures[$("cutoff").value];
}

// Only the answer to the newest request of its kind is shown.
const newest = { samples: 0, interpolation: 0, mixture: 0 };
const failures = { samples: null, interpolation: null, mixture: null };

async function refresh(kind, names, show) {
  const number = ++newest[kind];
  section.classList.add("busy");
  let content = null;
  try {
    content = await ask(kind, names);
    failures[kind] = null;
  } catch (error) {
    if (number === newest[kind]) failures[kind] = error.message;
  }
  if (number !== newest[kind]) return;
  section.classList.remove("busy");
  show(content);
  const messages = new Set(Object.values(failures).filter(Boolean));
  $("error").hidden = messages.size === 0;
  $("error").textContent = [...messages].join(" ");
}

function refreshSamples() {
  return refresh("samples", [...SHARED, "num_samples"], (content) => {
    if (content) showGrid(content);
    else {
      $("grid").replaceChildren();
      $("status").textContent = "";
    }
  });
}

function refreshInterpolation() {
  return refresh("interpolation", [...SHARED, "to"], (content) => {
    frames = content ? content.images : [];
    showFrame();
  });
}

function refreshMixture() {
  if (!hasStyles) return;
  refresh("mixture", [...SHARED, "to"], (content) => {
    mixtures = content ? content.images : [];
    showMixture();
  });
}

function remember() {
  const query = new URLSearchParams(
    KEPT.map((name) => [name, $(name).value]).filter(([, value]) => value));
  history.replaceState(null, "", `?${query}`);
}

function changed() {
  $("truncation_value").textContent = Number($("truncation").value).toFixed(2);
  remember();
  refreshSamples();
  refreshInterpolation();
  refreshMixture();
}

function setSeed(value) {
  $("seed").value = value;
  changed();
}

function play() {
  const playing = timer === null;
  $("play").setAttribute("aria-pressed", playing);
  $("play").textContent = playing ? "Stop" : "Play";
  if (!playing) {
    clearInterval(timer);
    timer = null;
    return;
  }
  let step = 1;
  timer = setInterval(() => {
    const position = $("position");
    if (Number(position.value) === STEPS - 1) step = -1;
    if (Number(position.value) === 0) step = 1;
    position.value = Number(position.value) + step;
    showFrame();
  }, 80);
}

for (const [name, value] of new URLSearchParams(location.search)) {
  if (KEPT.includes(name)) $(name).value = value;
}
$("position").addEventListener("input", showFrame);
$("cutoff").addEventListener("input", showMixture);
for (const name of ["seed", "num_samples", "label"]) {
  $(name).addEventListener("change", changed);
}
$("class_name").addEventListener("change", () => {
  $("label").value = $("class_name").value;
  changed();
});
$("truncation").addEventListener("input", () => {
  $("truncation_value").textContent = Number($("truncation").value).toFixed(2);
});
$("truncation").addEventListener("change", changed);
$("to").addEventListener("change", () => {
  remember();
  refreshInterpolation();
  refreshMixture();
});
$("previous").addEventListener("click", () => setSeed(Number($("seed").value) - 1));
$("next").addEventListener("click", () => setSeed(Number($("seed").value) + 1));
$("random").addEventListener("click",
  () => setSeed(crypto.getRandomValues(new Uint32Array(1))[0]));
$("play").addEventListener("click", play);
$("controls").addEventListener("submit", (event) => event.preventDefault());

// Where this fails, so do the other requests, and say why.
ask("model", []).then((model) => {
  $("source").textContent = model.source;
  hasClasses = model.has_classes;
  $("classes").hidden = !hasClasses && !model.label_width;
  offerNumbers(model.label_width);
  offerNames(model.class_names);
  hasStyles = model.has_styles;
  $("mixing").hidden = !hasStyles;
}, () => {}).then(changed);
