// Live fragments: [data-poll] is asked every 5 s while the page is seen. 204: nothing changed. 200: the element is replaced by the
// answer's first element. What a person is doing in it (a caret, a selection, an open part, checked rows) is kept, or the swap waits.

const EVERY = 5000;
const SLOWEST = 60000;

const states = new WeakMap();
const tasks = new Set();

/** Whether replacing the element now would take something out of a person's hands. */
function isHeld(element) {
  const active = document.activeElement;
  if (active && element.contains(active) && active.matches("input:not([type=checkbox]):not([type=radio]), textarea, select")) return true;
  if (element.querySelector("dialog[open], details[data-menu][open], .htmx-request")) return true;
  const selection = getSelection();
  return !!selection && !selection.isCollapsed && selection.rangeCount > 0 && selection.getRangeAt(0).intersectsNode(element);
}

/** How to find the same element after the swap: by id, or by its row's key and its place in the row. */
function place(element, root) {
  if (element.id) return () => document.getElementById(element.id);
  const row = element.closest("[data-key]");
  if (!row || !root.contains(row)) return () => null;
  const selector = `[data-key="${CSS.escape(row.dataset.key)}"]`;
  const index = [...row.querySelectorAll("a, button, input, summary")].indexOf(element);
  return (fresh) => (fresh.matches(selector) ? fresh : fresh.querySelector(selector))?.querySelectorAll("a, button, input, summary")[index] ?? null;
}

function swap(element, html) {
  const holder = document.createElement("template");
  holder.innerHTML = html; // scripts in it do not run: neither by innerHTML nor under the content policy
  const fresh = holder.content.firstElementChild;
  if (!fresh) return;
  const focused = element.contains(document.activeElement) ? place(document.activeElement, element) : null;
  const checked = [...element.querySelectorAll("[data-select]:checked")].map((box) => box.value);
  const opened = [...element.querySelectorAll("details[open][data-key]")].map((part) => part.dataset.key);
  const at = element.querySelector("[data-row].is-at")?.dataset.key;
  const before = new Map([...element.querySelectorAll("[data-key]:not(details)")].map((row) => [row.dataset.key, row.dataset.was ?? row.textContent]));
  const scrolled = element.scrollLeft;

  for (const box of fresh.querySelectorAll("[data-select]")) box.checked = checked.includes(box.value);
  for (const part of fresh.querySelectorAll("details[data-key]")) part.open = opened.includes(part.dataset.key);
  const compare = (text) => text.replace(/\s+/g, " ");
  for (const row of fresh.querySelectorAll("[data-key]:not(details)")) {
    // Times go on by themselves and are no change; what a state says is.
    const then = before.get(row.dataset.key);
    const plain = row.cloneNode(true);
    for (const time of plain.querySelectorAll("time")) time.remove();
    row.dataset.was = compare(plain.textContent);
    if (element.dataset.polled && then !== row.dataset.was) row.classList.add("is-changed");
  }
  fresh.dataset.polled = "1";
  element.replaceWith(fresh);
  fresh.scrollLeft = scrolled;
  if (at) fresh.querySelector(`[data-row][data-key="${CSS.escape(at)}"]`)?.classList.add("is-at");
  focused?.(fresh)?.focus({ preventScroll: true });
  window.htmx?.process(fresh);
  document.dispatchEvent(new CustomEvent("cd:swapped", { detail: { element: fresh } }));
  watch(fresh);
}

async function ask(element, state) {
  state.asking = true;
  try {
    const answer = await fetch(element.dataset.poll, {
      headers: { "X-Crossdock-Version": element.dataset.pollVersion ?? "", "HX-Request": "true" },
      credentials: "same-origin",
      redirect: "manual",
      cache: "no-store",
    });
    state.pause = EVERY;
    if (answer.status === 200) {
      const html = await answer.text();
      if (!element.isConnected) return;
      if (isHeld(element)) state.waiting = html;
      else swap(element, html);
    } else if (answer.type === "opaqueredirect" || [401, 403, 404, 410].includes(answer.status)) {
      tasks.delete(element); // signed out, or the record is gone: the next click says so
    } else if (answer.status !== 204) {
      state.pause = Math.min(state.pause * 2, SLOWEST);
    }
  } catch {
    state.pause = Math.min(state.pause * 2, SLOWEST);
  } finally {
    state.asking = false;
    state.next = Date.now() + state.pause;
  }
}

function tick() {
  if (document.hidden) return;
  for (const element of tasks) {
    if (!element.isConnected) {
      tasks.delete(element);
      continue;
    }
    const state = states.get(element);
    if (state.waiting && !isHeld(element)) {
      swap(element, state.waiting);
    } else if (!state.asking && Date.now() >= state.next) {
      ask(element, state);
    }
  }
}

function watch(root) {
  const found = [...(root.matches?.("[data-poll]") ? [root] : []), ...root.querySelectorAll("[data-poll]")];
  for (const element of found) {
    if (states.has(element)) continue;
    states.set(element, { next: Date.now() + EVERY, pause: EVERY, asking: false, waiting: null });
    tasks.add(element);
  }
}

watch(document);
setInterval(tick, 500);
document.addEventListener("visibilitychange", () => {
  // Back in sight: ask at once, since much may have happened.
  if (document.hidden) return;
  for (const element of tasks) states.get(element).next = 0;
  tick();
});
document.addEventListener("htmx:load", (event) => watch(event.target));
