// The viewer: stacks, the view on an image, tools. Samples come from the node; nothing else is asked for.

import { Frames, planeImage } from "./viewer_image.js";
import { Marks } from "./viewer_marks.js";

const byId = (id) => document.getElementById(id);
const root = byId("viewer");
const stage = byId("stage");
const canvas = byId("canvas");
const context = canvas.getContext("2d");
const slider = byId("slider");
const notice = byId("notice");
const frames = new Frames(root.dataset.study);
const marks = new Marks(byId("marks"));
const bitmap = document.createElement("canvas");
const around = 6;

let stacks = [];
let told = null; // what the study says of itself
let current = null; // the stack
let at = 0; // the image in it
let frame = null;
let shown = ""; // which image the frame is of
let tool = "window";
let planes = [];
let playing = 0;
let showing = { overlays: true, texts: true };
const view = fresh();

function fresh() {
  return { window: null, inverted: false, turn: 0, flipped: false, zoom: 1, x: 0, y: 0 };
}

// Images.

function images(series) {
  return series.pictures.flatMap(([uid, number, count]) =>
    Array.from({ length: count }, (_, index) => ({ uid, number, frame: index + 1, count })),
  );
}

async function open(uid) {
  const answer = await fetch(`/studies/${root.dataset.study}/stacks`);
  told = await answer.json();
  stacks = told.series.map((series) => ({ ...series, images: images(series) }));
  if (!stacks.length) return tell(root.dataset.none);
  strip();
  choose(stacks.find((stack) => stack.uid === uid) || stacks[0]);
}

function strip() {
  for (const stack of stacks) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = `${stack.number || ""} ${stack.description}`;
    const picture = new Image();
    picture.loading = "lazy";
    picture.alt = "";
    picture.src = `/dicom-web/studies/${told.study}/series/${stack.uid}/thumbnail?viewport=96,96`;
    const label = document.createElement("span");
    label.textContent = `${stack.modality} ${stack.number || ""} · ${stack.images.length}`;
    button.append(picture, label);
    button.addEventListener("click", () => choose(stack));
    stack.button = button;
    byId("strip").append(button);
  }
}

function choose(stack) {
  stop();
  current = stack;
  for (const one of stacks) one.button.setAttribute("aria-current", one === stack);
  stack.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  Object.assign(view, fresh());
  byId("presets").value = "";
  for (const option of document.querySelectorAll("#presets .ct")) option.hidden = stack.modality !== "CT";
  slider.max = stack.images.length;
  slider.hidden = stack.images.length < 2;
  history.replaceState(null, "", `?series=${stack.uid}`);
  show(Math.min(at, 0));
}

async function show(index) {
  at = Math.max(0, Math.min(index, current.images.length - 1));
  slider.value = at + 1;
  const image = current.images[at];
  const key = `${image.uid}/${image.frame}`;
  const stack = current;
  try {
    const found = await frames.get(image.uid, image.frame);
    if (stack !== current || image !== current.images[at]) return false; // one has scrolled on
    frame = found;
    shown = key;
    planes = [];
    if (view.window === "table" && !frame.levels) view.window = frame.window();
    if (!view.window) {
      view.window = frame.isColor ? [128, 256] : frame.window();
      fit();
    }
    tell("");
    paint();
    if (showing.overlays) overlays(image, key);
    ahead();
  } catch (error) {
    if (image === current.images[at]) tell(root.dataset.failed.replace("{why}", error.message));
  }
  return true;
}

async function overlays(image, key) {
  const found = await frames.overlays(image.uid, image.frame);
  if (key !== shown || !found.length) return;
  planes = found.map((plane) => ({ ...plane, image: planeImage(plane) }));
  paint();
}

function ahead() {
  for (let step = 1; step <= around; step++)
    for (const index of [at + step, at - step]) {
      const image = current.images[index];
      if (image && !frames.has(image.uid, image.frame)) frames.get(image.uid, image.frame).catch(() => {});
    }
}

function tell(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

// The view on the image.

function aspect() {
  return frame.spacing.length && frame.spacing[1] > 0 ? frame.spacing[0] / frame.spacing[1] : 1;
}

function fit() {
  const turned = view.turn % 180 !== 0;
  const [wide, high] = [frame.columns, frame.rows * aspect()];
  const box = stage.getBoundingClientRect();
  view.zoom = Math.min(box.width / (turned ? high : wide), box.height / (turned ? wide : high)) * 0.98;
  view.x = view.y = 0;
}

function matrix() {
  const box = stage.getBoundingClientRect();
  const change = new DOMMatrix().translate(box.width / 2 + view.x, box.height / 2 + view.y);
  change.rotateSelf(view.turn).scaleSelf(view.flipped ? -view.zoom : view.zoom, view.zoom * aspect());
  return change.translateSelf(-frame.columns / 2, -frame.rows / 2);
}

function paint() {
  if (!frame) return;
  const box = stage.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  bitmap.width = frame.columns;
  bitmap.height = frame.rows;
  const drawn = bitmap.getContext("2d");
  drawn.putImageData(frame.paint(view.window, view.inverted), 0, 0);
  context.setTransform(new DOMMatrix().scale(ratio).multiply(matrix()));
  context.imageSmoothingEnabled = view.zoom < 4;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0);
  if (showing.overlays) for (const plane of planes) lay(plane);
  annotate();
}

function lay(plane) {
  bitmap.width = plane.columns;
  bitmap.height = plane.rows;
  bitmap.getContext("2d").putImageData(plane.image, 0, 0);
  context.drawImage(bitmap, plane.column - 1, plane.row - 1);
}

function annotate() {
  const change = matrix();
  marks.draw(shown, frame.spacing, ([x, y]) => {
    const point = change.transformPoint({ x, y });
    return [point.x, point.y];
  });
  const image = current.images[at];
  const lines = showing.texts
    ? {
        who: told.patient,
        what: [...told.what, `${current.modality} ${current.number || ""} ${current.description}`],
        where: [`${at + 1} / ${current.images.length}`, image.count > 1 ? `#${image.number}:${image.frame}` : `#${image.number}`],
        how: [
          frame.isColor ? "RGB" : view.window === "table" ? "VOI LUT" : `C ${number(view.window[0])}  W ${number(view.window[1])}`,
          `${Math.round(view.zoom * 100)}%  ${frame.columns} × ${frame.rows}`,
        ],
      }
    : { who: [], what: [], where: [], how: [] };
  for (const [id, texts] of Object.entries(lines)) byId(id).textContent = texts.filter(Boolean).join("\n");
}

function number(value) {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? Math.round(value) : Number(value.toPrecision(3));
}

function pixel(event) {
  const box = stage.getBoundingClientRect();
  const point = matrix().inverse().transformPoint({ x: event.clientX - box.left, y: event.clientY - box.top });
  return [point.x, point.y];
}

/** The value under a pixel of the image: what the node sent, with slope and intercept. */
export function probe(column, row) {
  return frame?.at(Math.floor(column), Math.floor(row));
}

/** The gray that a pixel of the image is drawn with. */
export function grayAt(column, row) {
  return bitmap.getContext("2d").getImageData(column, row, 1, 1).data[0];
}

// Pointers: the primary button uses the tool chosen, the others their own; two fingers zoom and pan.

const down = new Map();
let before = null;

function used(event) {
  if (event.buttons & 2) return "window";
  if (event.buttons & 4) return "pan";
  return tool;
}

stage.addEventListener("pointerdown", (event) => {
  if (!frame || event.target === slider) return;
  stage.setPointerCapture(event.pointerId);
  down.set(event.pointerId, event);
  before = { x: event.clientX, y: event.clientY, index: at };
  const chosen = used(event);
  if (chosen === "length" || chosen === "angle") {
    if (!marks.open) marks.begin(shown, chosen, pixel(event));
    annotate();
  }
});

stage.addEventListener("pointermove", (event) => {
  if (!frame) return;
  if (tool === "probe" || down.size === 0) tellValue(event);
  if (marks.open && (down.size === 1 || marks.open.points.length === 3)) {
    marks.move(pixel(event));
    return annotate();
  }
  if (!down.has(event.pointerId)) return;
  if (down.size === 2) return pinch(event);
  const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
  const chosen = used(event);
  if (chosen === "scroll") return show(before.index + Math.round(dy / 6));
  if (chosen === "window") {
    if (view.window === "table") view.window = frame.range();
    const step = Math.max(view.window[1], 1) / 400;
    view.window = [view.window[0] + dy * step, Math.max(view.window[1] + dx * step * 2, 1)];
    byId("presets").value = "";
  } else if (chosen === "zoom") zoom(Math.exp(-dy / 150), event.clientX - dx, event.clientY - dy);
  else if (chosen === "pan") move(dx, dy);
  else return;
  Object.assign(before, { x: event.clientX, y: event.clientY });
  paint();
});

function lift(event) {
  if (down.delete(event.pointerId) && marks.open && event.type === "pointerup") {
    const [x, y] = pixel(event);
    const [first] = marks.open.points;
    const moved = Math.hypot(x - first[0], y - first[1]) * view.zoom > 3 || marks.open.points.length === 3;
    if (moved) marks.set([x, y]);
    annotate();
  }
}
stage.addEventListener("pointerup", lift);
stage.addEventListener("pointercancel", lift);
stage.addEventListener("contextmenu", (event) => event.preventDefault());

function pinch(event) {
  const other = [...down.values()].find((one) => one.pointerId !== event.pointerId);
  const old = down.get(event.pointerId);
  const span = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  if (marks.open) marks.drop(shown);
  zoom(span(event) / Math.max(span(old), 1), (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
  move((event.clientX - old.clientX) / 2, (event.clientY - old.clientY) / 2);
  down.set(event.pointerId, event);
  paint();
}

function zoom(factor, x, y) {
  const box = stage.getBoundingClientRect();
  const [cx, cy] = [x - box.left - box.width / 2, y - box.top - box.height / 2];
  const next = Math.min(Math.max(view.zoom * factor, 0.02), 64);
  const real = next / view.zoom;
  view.x = cx - (cx - view.x) * real;
  view.y = cy - (cy - view.y) * real;
  view.zoom = next;
}

function move(dx, dy) {
  view.x += dx;
  view.y += dy;
}

function tellValue(event) {
  const [x, y] = pixel(event);
  const value = probe(x, y);
  const text = value === undefined ? "" : `(${Math.floor(x)}, ${Math.floor(y)})  ${[value].flat().map(number).join(" ")}`;
  byId("where").dataset.value = text;
}

stage.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    if (!frame) return;
    if (event.ctrlKey) {
      zoom(Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
      paint();
    } else show(at + Math.sign(event.deltaY));
  },
  { passive: false },
);

// Acts, by button and by key.

function stop() {
  clearTimeout(playing);
  playing = 0;
  document.querySelector("[data-act=play]").setAttribute("aria-pressed", "false");
}

async function play() {
  const began = performance.now();
  await show(at + 1 >= current.images.length ? 0 : at + 1);
  if (!playing) return;
  const pace = 1000 / Math.min(Math.max(Number(byId("rate").value) || 15, 1), 60);
  playing = setTimeout(play, Math.max(0, pace - (performance.now() - began)));
}

const acts = {
  invert: () => (view.inverted = !view.inverted),
  rotate: () => (view.turn = (view.turn + 90) % 360),
  flip: () => (view.flipped = !view.flipped),
  fit,
  reset: () => {
    Object.assign(view, fresh());
    view.window = frame.isColor ? [128, 256] : frame.window();
    byId("presets").value = "";
    fit();
  },
  play: () => {
    if (playing) return stop();
    if (current.images.length < 2) return;
    document.querySelector("[data-act=play]").setAttribute("aria-pressed", "true");
    playing = setTimeout(play, 0);
  },
  overlays: () => {
    showing.overlays = !showing.overlays;
    if (showing.overlays && !planes.length) overlays(current.images[at], shown);
  },
  texts: () => (showing.texts = !showing.texts),
  keys: () => byId("help").showModal(),
};

function act(name) {
  if (!frame) return;
  acts[name]();
  paint();
}

function take(name) {
  tool = name;
  marks.open = null;
  stage.dataset.tool = name;
  for (const button of document.querySelectorAll("[data-tool]"))
    if (button !== stage) button.setAttribute("aria-checked", button.dataset.tool === name);
}

for (const button of root.querySelectorAll("button[data-tool]")) button.addEventListener("click", () => take(button.dataset.tool));
for (const button of root.querySelectorAll("button[data-act]")) button.addEventListener("click", () => act(button.dataset.act));
slider.addEventListener("input", () => show(slider.value - 1));
byId("presets").addEventListener("change", (event) => {
  const value = event.target.value;
  view.window = value === "" ? frame.window() : value === "range" ? frame.range() : value.split(",").map(Number);
  paint();
  stage.focus();
});

const tools = { w: "window", z: "zoom", p: "pan", s: "scroll", l: "length", a: "angle", v: "probe" };
const keys = { i: "invert", r: "rotate", h: "flip", f: "fit", 0: "reset", " ": "play", o: "overlays", t: "texts", "?": "keys" };

addEventListener("keydown", (event) => {
  if (!current || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input[type=number], select") || byId("help").open) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[key];
  const turn = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (step) show(at + step);
  else if (turn) choose(stacks[(stacks.indexOf(current) + turn + stacks.length) % stacks.length]);
  else if (key === "Home") show(0);
  else if (key === "End") show(current.images.length - 1);
  else if (key === "Delete" || key === "Backspace") {
    marks.drop(shown);
    annotate();
  } else if (key === "Escape") location.href = byId("back").href;
  else if (tools[key]) take(tools[key]);
  else if (keys[key]) act(keys[key]);
  else return;
  event.preventDefault();
});

new ResizeObserver(() => paint()).observe(stage);
take("window");
open(new URLSearchParams(location.search).get("series"));

// What a test, or a curious person at the browser's own console, may ask.
window.chiasm = { probe, grayAt, state: () => ({ at, count: current?.images.length ?? 0, series: current?.uid, shown, view: { ...view } }), marks };
