// Records: copy an id, select rows, ask before danger, apply a filter, color JSON.

const words = document.body.dataset;
const say = (text) => document.dispatchEvent(new CustomEvent("cd:say", { detail: { text } }));

async function copy(text, control) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure address there is no clipboard to write to: select the text, so that one keypress copies it.
    const range = document.createRange();
    range.selectNodeContents(control.querySelector(".cd-mono") ?? control);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return;
  }
  const use = control.querySelector("use");
  const was = use?.getAttribute("href");
  control.classList.add("is-copied");
  use?.setAttribute("href", was.replace(/#.*/, "#check"));
  say(words.sayCopied ?? "Copied");
  setTimeout(() => {
    control.classList.remove("is-copied");
    use?.setAttribute("href", was);
  }, 1400);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button.dataset.copy, button);
  const from = event.target.closest("[data-copy-from]");
  if (from) copy(from.closest("figure").querySelector("pre").textContent, from);
});

// --- selection ---

const boxes = () => [...document.querySelectorAll("[data-select]")];
let last = null;

function show() {
  const picked = boxes().filter((box) => box.checked);
  for (const box of boxes()) box.closest("[data-row]")?.classList.toggle("is-selected", box.checked);
  for (const bar of document.querySelectorAll("[data-selection]")) {
    const own = picked.filter((box) => box.form?.id === bar.dataset.selection);
    bar.hidden = own.length === 0;
    bar.querySelector("[data-selection-count]").textContent = own.length;
  }
  const all = document.querySelector("[data-select-all]");
  if (all) {
    all.checked = picked.length > 0 && picked.length === boxes().length;
    all.indeterminate = picked.length > 0 && !all.checked;
  }
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-select]");
  if (!box) return;
  if (event.shiftKey && last?.isConnected) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-select], [data-select-all]")) show();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-selection-clear]")) {
    for (const box of boxes()) box.checked = false;
    show();
  }
  const asks = event.target.closest("[data-confirm]");
  if (asks) {
    event.preventDefault();
    const count = boxes().filter((box) => box.checked).length;
    document.dispatchEvent(new CustomEvent("cd:dialog", { detail: { selector: asks.dataset.confirm, count } }));
  }
});
document.addEventListener("cd:swapped", show);
document.addEventListener("htmx:afterSwap", show);
addEventListener("pageshow", show);

// A row is opened by a click anywhere on it that hits nothing else; with a held key in a new tab, as a link would.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  const link = row?.querySelector("[data-open]");
  if (!link || event.defaultPrevented || event.target.closest("a, button, input, label, summary, select, [data-no-open]")) return;
  if (String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
  else link.click();
});

// --- tables ---

// A head that stays needs the page to scroll; a table wider than its place has to scroll by itself. So the one or the other.
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const wrap = target.closest(".cd-table-wrap");
    wrap.classList.toggle("is-scrolling", target.scrollWidth > wrap.clientWidth + 1 || target.offsetWidth > wrap.clientWidth + 1);
  }
});
const measure = () => {
  for (const table of document.querySelectorAll(".cd-table-wrap > .cd-table")) widths.observe(table);
};
measure();
document.addEventListener("cd:swapped", measure);
document.addEventListener("htmx:afterSettle", measure);

// --- filters ---

// A choice applies at once; text applies on Enter or after a pause. Empty parameters stay out of the address.
function apply(form) {
  const url = new URL(form.action, location.href);
  url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== "")).toString();
  if (url.href !== location.href) location.assign(url);
}
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-filter]")) return;
  event.preventDefault();
  apply(event.target);
});
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-filter]");
  if (!form || event.target.matches("[data-filter-text]")) return;
  // Several choices of one facet are made in one go: its menu applies them when it closes.
  if (event.target.closest("details")) form.dataset.changed = "1";
  else apply(form);
});
document.addEventListener(
  "toggle",
  (event) => {
    const form = event.target.closest?.("[data-filter]");
    if (form?.dataset.changed && !event.target.open) apply(form);
  },
  true,
);

// --- JSON in colors ---

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b/g;
const LARGE = 200_000; // characters; beyond, colors cost more than they tell

function paint(code) {
  const text = code.textContent;
  code.dataset.painted = "1";
  if (!/^\s*[[{]/.test(text) || text.length > LARGE) return;
  const out = document.createDocumentFragment();
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    out.append(text.slice(at, match.index));
    const part = document.createElement("span");
    part.className = match[1] ? (match[2] ? "j-key" : "j-text") : "j-other";
    part.textContent = match[1] ?? match[0];
    out.append(part, match[2] ?? "");
    at = match.index + match[0].length;
  }
  out.append(text.slice(at));
  code.replaceChildren(out);
}
function paintAll() {
  for (const code of document.querySelectorAll(".cd-wire pre code:not([data-painted])")) paint(code);
}
paintAll();
document.addEventListener("htmx:afterSettle", paintAll);
document.addEventListener("cd:swapped", paintAll);
