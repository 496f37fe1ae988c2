// The page: which video, which type, which range. All of it stands in the address, so that a link shows what its sender saw.

import { ask, logIn, logOut, watch } from "./service.js";
import { draw } from "./chart.js";

const refreshEvery = 10_000;
const hour = 3_600_000;
const one = id => document.getElementById(id);
const number = value => value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: 3 });
const [main, login, problem] = [document.querySelector("main"), one("login"), one("problem")];
const [top, range] = [document.querySelector("#top form"), one("range")];
const defaults = { type: "view", window: "hour", which: "running", video: "", range: "24", from: "", to: "", granularity: "auto", zone: Intl.DateTimeFormat().resolvedOptions().timeZone };

let state = defaults;
let asking = new AbortController();
let watching = null; // which video and type, and what ends it

function readAddress() {
  state = { ...defaults, ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) };
  for (const zone of new Set([defaults.zone, "UTC", state.zone]))
    if (![...range.zone.options].some(option => option.value === zone)) range.zone.add(new Option(zone));
  for (const form of [top, range])
    for (const field of form.elements) field.value = state[field.name];
  one("ask").video.value = state.video;
  for (const field of document.querySelectorAll(".between")) field.hidden = state.range !== "0";
}

/** The address of this page with something else on it. */
function address(changes) {
  const wanted = Object.entries({ ...state, ...changes }).filter(([name, value]) => value !== defaults[name]);
  return `#${new URLSearchParams(wanted)}`;
}

function go(changes) {
  location.hash = address(changes);
}

/** Does what may fail, and says so if it does; a key that is not good any more has to be given again. */
async function attempt(what) {
  try {
    await what();
    problem.hidden = true;
  } catch (failure) {
    if (failure.name === "AbortError") return;
    if (failure.status === 401) {
      stop();
      [main.hidden, login.hidden] = [true, false];
    }
    problem.textContent = failure.message;
    problem.hidden = false;
  }
}

function stop() {
  asking.abort();
  unwatch();
}

function unwatch() {
  watching?.end();
  watching = null;
}

/** Asks for everything that is shown, once. */
async function show() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  await attempt(() => Promise.all([showTop(signal), state.video === "" ? hideVideo() : showVideo(signal)]));
}

async function showTop(signal) {
  const answer = await ask("v1/top", { type: state.type, window: state.window, limit: 50 }, signal);
  const { start, end, videos } = answer[state.which];
  one("window").textContent = `${clock(start)} to ${clock(end)}, as of ${clock(answer.asOf)}`;
  one("videos").replaceChildren(...videos.map(({ videoId, count }) => {
    const [item, link, name, views] = ["li", "a", "span", "span"].map(kind => document.createElement(kind));
    [link.href, name.textContent, views.textContent] = [address({ video: videoId }), videoId, number(count)];
    link.style.setProperty("--share", `${100 * count / videos[0].count}%`);
    if (videoId === state.video) link.ariaCurrent = "true";
    link.append(name, " ", views);
    item.append(link);
    return item;
  }));
  if (videos.length === 0) one("videos").textContent = `Nothing of the type ${state.type}.`;
}

function hideVideo() {
  [one("shown").hidden, one("none").hidden] = [true, false];
  unwatch();
}

async function showVideo(signal) {
  const { video, type, zone } = state;
  const [from, to] = between();
  const base = `v1/videos/${encodeURIComponent(video)}`; // whatever a link brings
  [one("shown").hidden, one("none").hidden] = [false, true];
  if (watching?.video !== video || watching.type !== type) {
    unwatch();
    one("total").querySelector("output").textContent = "…";
    watching = { video, type, end: watch(video, type, count => { one("total").querySelector("output").textContent = number(count); }) };
  }

  const [known, stats, series] = await Promise.all([
    ask(base, {}, signal).catch(failure => { if (failure.code !== "not_found") throw failure; return null; }),
    ask(`${base}/stats`, { type, from, to }, signal),
    ask(`${base}/series`, { type, from, to, granularity: state.granularity, timeZone: zone, fill: true }, signal),
  ]);
  showKnown(known);
  showStats(stats);
  showSeries(series);
}

function showKnown(known) {
  const words = known === null ? ["nothing is known of it yet"] : [
    known.channelId !== null && `channel ${known.channelId}`,
    known.first !== null && `${clock(known.first)} to ${clock(known.last)}`,
    `${number(known.duplicates)} duplicates`,
    `${number(known.deadLettered)} dead-lettered`,
  ];
  one("video-heading").textContent = known?.title ?? state.video;
  one("about").textContent = [state.video, ...words.filter(word => word !== false)].join(" · ");
  one("total-type").textContent = state.type;
  one("types").replaceChildren(...[...new Set(["view", "like", ...Object.keys(known?.totals ?? {})])].map(type => new Option(type)));
}

function showStats({ count, sum, avg, min, max }) {
  const named = { "In this range": count, Sum: sum, Mean: avg, Smallest: min, Largest: max };
  one("stats").replaceChildren(...Object.entries(named).map(([name, value]) => {
    const [pair, term, text] = ["div", "dt", "dd"].map(kind => document.createElement(kind));
    [term.textContent, text.textContent] = [name, number(value)];
    pair.append(term, text);
    return pair;
  }));
}

function showSeries(series) {
  draw(one("chart"), series, state.zone);
  one("points").replaceChildren(...series.points.filter(point => point.count > 0).map(point => {
    const row = document.createElement("tr");
    for (const text of [clock(point.start), number(point.count), number(point.sum), number(point.min), number(point.max)]) row.insertCell().textContent = text;
    return row;
  }));
}

/** The range that is asked for: up to the end of this minute, or from a time to another one, which are those of the browser. */
function between() {
  const minute = 60_000;
  const end = (Math.floor(Date.now() / minute) + 1) * minute;
  const times = state.range !== "0" ? [end - state.range * hour, end] : [Date.parse(state.from), Date.parse(state.to)];
  if (times.some(Number.isNaN)) throw new Error("Say from when and to when.");
  return times.map(time => new Date(time).toISOString());
}

/** Whoever begins to choose times begins with those that are shown. */
function withTimes(wanted) {
  if (wanted.range !== "0" || wanted.from !== "" || state.range === "0") return wanted;
  const [from, to] = between().map(time => new Date(time).toLocaleString("sv", { dateStyle: "short", timeStyle: "short" }).replace(" ", "T"));
  return { ...wanted, from, to };
}

function clock(time) {
  return new Date(time).toLocaleString("sv", { timeZone: state.zone, dateStyle: "short", timeStyle: "short" });
}

async function begin() {
  await attempt(async () => {
    const session = await ask("v1/session");
    [main.hidden, login.hidden] = [false, true];
    one("logout").hidden = session.key === null;
    one("dashboard").hidden = !session.scopes.includes("admin");
    await show();
  });
  if (!login.hidden) problem.hidden = true; // nobody has done anything wrong yet
}

login.addEventListener("submit", event => {
  event.preventDefault();
  attempt(async () => {
    await logIn(login.key.value);
    login.reset();
    await ask("v1/session").catch(() => { throw new Error("The key is good, but the browser has not kept it: that needs HTTPS, or localhost."); });
    await begin();
  });
});

one("logout").addEventListener("click", () => attempt(async () => {
  stop();
  await logOut();
  [main.hidden, login.hidden, one("logout").hidden, one("dashboard").hidden] = [true, false, true, true];
}));

one("ask").addEventListener("submit", event => {
  event.preventDefault();
  go({ video: event.target.video.value });
});

for (const form of [top, range]) {
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", () => { if (form.reportValidity()) go(withTimes(Object.fromEntries(new FormData(form)))); });
}

addEventListener("hashchange", () => {
  readAddress();
  if (!main.hidden) show();
});

setInterval(() => {
  if (document.hidden || !login.hidden) return;
  if (main.hidden) begin(); // the service was not there yet
  else show();
}, refreshEvery);

readAddress();
begin();
