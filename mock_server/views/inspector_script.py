"""The script of the inspector's page. It asks what happened, and shows it.

What crossed the wire comes into the page as text (`textContent`). The one exception is `details.html`, which
`exchange_view` built and escaped.
"""

SCRIPT = """
"use strict";
const SECONDS_BETWEEN_LOOKS = 1, MOST_SECONDS = 30;
const element = id => document.getElementById(id);
// A proxy may serve the page under a prefix, with or without a slash at its end.
const address = path => location.pathname.replace(/\\/?$/, "/") + path;
const list = element("exchanges"), filter = element("filter"), secrets = element("secrets");
const entries = new Map();
let tag = "", timer = 0, seconds = SECONDS_BETWEEN_LOOKS, looking = false, inSight = true, newest = 0;

function make(name, className, ...content) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

async function look() {
  clearTimeout(timer);
  if (document.hidden || !inSight) return tell("Paused while out of sight");
  if (looking) return;
  looking = true;
  try {
    const answer = await fetch(address("inspector/state"), { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    if (answer.status === 200) {
      const state = await answer.json();
      tag = answer.headers.get("ETag") || "";
      showClients(state);
      showExchanges(state);
    } else if (answer.status !== 304) throw new Error(answer.status);
    seconds = SECONDS_BETWEEN_LOOKS;
    tellCount();
  } catch {
    tag = "";
    seconds = Math.min(2 * seconds, MOST_SECONDS);  // A proxy writes each failure into its log.
    tell("✗ The server does not answer: it has stopped, or is starting again");
  }
  looking = false;
  timer = setTimeout(look, seconds * 1000);
}

function tell(text) {
  // Written only when it changes, so that it is read aloud only then.
  if (element("live").textContent !== text) element("live").textContent = text;
}

function tellCount() {
  const shown = [...entries.values()].filter(entry => !entry.item.hidden).length;
  const all = newest === 1 ? "1 exchange" : `${newest} exchanges`;
  tell(filter.value.trim() ? `Live · ${shown} shown of ${all}` : `Live · ${all}`);
}

function showClients(state) {
  const rows = state.clients.map(client => {
    const [[, id], ...others] = Object.entries(client);
    const head = make("th", "", make("code", "", id));
    head.scope = "row";
    const cells = others.map(([name, text]) => {
      const cell = make("td", "", text);
      cell.dataset.name = name;  // For a narrow page, which has no room for the head of the table.
      return cell;
    });
    return make("tr", "", head, ...cells);
  });
  element("clients").replaceChildren(...rows);
  element("client-count").textContent = state.clients.length + state.more_clients;
  element("more-clients").textContent = state.more_clients ? `And ${state.more_clients} more.` : "";
}

function showExchanges(state) {
  const numbers = new Set(state.exchanges.map(row => row.number));
  for (const [number, entry] of entries) {
    if (!numbers.has(number)) {
      entry.item.remove();
      entries.delete(number);
    }
  }
  const first = entries.size === 0;
  for (const row of state.exchanges.toReversed()) {
    if (!entries.has(row.number)) addEntry(row.number, first);
    fillEntry(entries.get(row.number), row);
  }
  newest = state.exchanges.length ? state.exchanges[0].number : 0;
  element("empty").hidden = newest > 0;
  element("columns").hidden = newest === 0;
  element("older").textContent = state.older_exchanges ? `Older ones (${state.older_exchanges}) are not shown here.` : "";
}

function addEntry(number, isOldNews) {
  const summary = make("summary", ""), body = make("div", "details");
  const details = make("details", "", summary, body);
  const item = make("li", isOldNews ? "" : "new", details);
  item.value = number;
  const entry = { number, item, summary, body, details, row: "", seen: "" };
  details.addEventListener("toggle", () => { if (details.open) showDetails(entry); });
  entries.set(number, entry);
  list.prepend(item);
}

function fillEntry(entry, row) {
  if (entry.details.open) showDetails(entry);
  const text = JSON.stringify(row);
  if (entry.row === text) return;
  entry.row = text;
  const outcome = row.status === null ? "lost" : row.status < 400 ? "good" : "bad";
  const mark = { lost: "…", good: "✓", bad: "✗" }[outcome];
  const answer = `${mark} ${row.status ?? ""} ${row.reason}`.replace(/ +/g, " ");
  const parts = [
    make("span", "number", String(row.number)),
    make("span", "request", make("b", "", row.method), " ", make("code", "", row.path)),
    make("span", "client", row.client || "–"),
    make("span", "answer", make("span", `status ${outcome}`, answer)),
  ];
  if (row.fault) parts[3].append(make("span", "fault", `fault on demand: ${row.fault}`));
  entry.summary.replaceChildren(...parts);
  entry.words = [row.method, row.path, row.client, answer, row.fault].join(" ").toLowerCase();
  sift(entry);
}

async function showDetails(entry) {
  const query = () => secrets.checked ? "?secrets=shown" : "", asked = query();
  let seen;
  try {
    const answer = await fetch(address(`inspector/exchanges/${entry.number}${asked}`), { cache: "no-store" });
    if (!answer.ok) return;
    seen = await answer.text();
  } catch {
    return;  // `look` says so already.
  }
  if (entry.seen === seen || asked !== query()) return;
  entry.seen = seen;
  const details = JSON.parse(seen);
  const meaning = make("p", "meaning", details.text);
  const parts = [meaning];
  if (details.fault) parts.push(make("p", "", make("b", "", "Fault on demand: "), details.fault));
  if (details.advice) parts.push(make("p", "", make("b", "", "The server said: "), details.advice));
  if (details.guide) {
    const link = make("a", "", `What ${details.guide.code} means, and what to do`);
    link.href = address(details.guide.path);
    link.target = "_blank";
    parts.push(make("p", "", link));
  }
  const wire = make("div", "");
  wire.innerHTML = details.html;  // exchange_view built and escaped it.
  entry.body.replaceChildren(...parts, wire);
}

function sift(entry) {
  entry.item.hidden = !filter.value.trim().toLowerCase().split(/\\s+/).every(word => entry.words.includes(word));
}

filter.addEventListener("input", () => {
  entries.forEach(sift);
  tellCount();
});
secrets.addEventListener("change", () => entries.forEach(entry => { if (entry.details.open) showDetails(entry); }));
element("copy").addEventListener("click", async () => {
  const command = element("command");
  try {
    await navigator.clipboard.writeText(command.textContent);
    element("copy").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(command);
    element("copy").textContent = "Press Ctrl+C";
  }
});
document.addEventListener("visibilitychange", look);
// Behind another tab of JupyterLab the page counts as visible all the same.
new IntersectionObserver(changes => {
  inSight = changes.at(-1).isIntersecting;
  look();
}).observe(document.documentElement);
"""
