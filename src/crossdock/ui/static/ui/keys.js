// The keyboard: `/` search, `j k` rows, Enter opens, `x` selects, `n b` pages, `f` filter, `g` then a letter goes to a page, `?` help.

const WAIT = 1200; // how long `g` waits for its letter, in ms

let pending = 0;

const typing = (element) =>
  element instanceof HTMLElement && (element.isContentEditable || element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select"));

const rows = () => [...document.querySelectorAll("[data-rows] > [data-row]")].filter((row) => row.offsetParent !== null);

function moveTo(row) {
  for (const other of document.querySelectorAll("[data-row].is-at")) other.classList.remove("is-at");
  row.classList.add("is-at");
  // The link keeps the focus, so Enter opens the row and Tab goes on from it.
  (row.querySelector("[data-open]") ?? row).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function current(all) {
  const focused = document.activeElement?.closest?.("[data-row]");
  return all.findIndex((row) => row === focused || (!focused && row.classList.contains("is-at")));
}

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const at = current(all);
  moveTo(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
  return true;
}

function open() {
  const all = rows();
  const at = current(all);
  if (at < 0 || document.activeElement?.matches("a, button, summary, input")) return false;
  all[at].querySelector("[data-open]")?.click();
  return true;
}

function select() {
  const all = rows();
  const at = current(all);
  const box = at < 0 ? null : all[at].querySelector("[data-select]");
  if (!box) return false;
  box.click();
  return true;
}

function focusOn(selector) {
  const field = document.querySelector(selector);
  if (!field) return false;
  field.focus();
  field.select?.();
  return true;
}

function follow(selector) {
  const link = document.querySelector(selector);
  if (!link) return false;
  link.click();
  return true;
}

const keys = {
  "/": () => focusOn("#search") || focusOn("[data-filter-text]"),
  f: () => focusOn("[data-filter-text]"),
  j: () => step(1),
  k: () => step(-1),
  x: () => select(),
  n: () => follow('.cd-pager a[rel="next"]'),
  b: () => follow('.cd-pager a[rel="prev"]'),
  Enter: () => open(),
  "?": () => {
    document.dispatchEvent(new CustomEvent("cd:dialog", { detail: { selector: "#help" } }));
    return true;
  },
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing(document.activeElement)) document.activeElement.blur();
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (pending && Date.now() - pending < WAIT) {
    pending = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  if (event.key === "g") {
    pending = Date.now();
    return;
  }
  if (keys[event.key]?.()) event.preventDefault();
});
