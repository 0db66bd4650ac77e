// The frame: menus, dialogs, drawer, theme, notices, and what htmx needs to be told.

const live = document.getElementById("live");

// The scripts do not import each other, so that each may be served under a name of its own; they speak by events:
// cd:say {text} tells a screen reader one sentence, cd:dialog {selector, count} opens a dialog.
document.addEventListener("cd:say", (event) => {
  if (!live) return;
  live.textContent = "";
  requestAnimationFrame(() => {
    live.textContent = event.detail.text;
  });
});
document.addEventListener("cd:dialog", (event) => openDialog(event.detail.selector, event.detail.count));

// A menu closes by Escape, by a click outside, and when another one opens.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  setDrawer(false);
});
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const items = [...menu.querySelectorAll(".cd-menu-item:not([disabled]), .cd-menu-item input")].filter((item) => item.tabIndex >= 0);
  if (!items.length) return;
  const at = items.indexOf(document.activeElement);
  items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length].focus();
  event.preventDefault();
});

/** Open the dialog that `selector` names, its `{count}` replaced. */
function openDialog(selector, count) {
  const dialog = document.querySelector(selector);
  if (!dialog || dialog.open) return;
  for (const part of dialog.querySelectorAll("[data-counted]")) {
    part.dataset.text ??= part.textContent;
    part.textContent = part.dataset.text.replaceAll("{count}", count ?? "");
  }
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    opener.closest("details[data-menu]")?.removeAttribute("open");
    openDialog(opener.dataset.dialog);
    return;
  }
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
  if (event.target.closest("[data-dialog-done]")) setTimeout(() => event.target.closest("dialog")?.close());
  const notice = event.target.closest("[data-notice-close]")?.closest("[data-notice]");
  if (notice) notice.remove();
});

// The drawer: the left navigation on a phone. Without scripts its link jumps to it, and :target shows it.
const sidebar = document.getElementById("sidebar");
let drawerOpener = null;
function setDrawer(open) {
  if (!sidebar || sidebar.classList.contains("is-open") === open) return;
  sidebar.classList.toggle("is-open", open);
  if (open) {
    drawerOpener = document.activeElement;
    sidebar.querySelector("a, button")?.focus();
  } else {
    drawerOpener?.focus();
  }
}
document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-drawer]");
  if (control) {
    event.preventDefault();
    setDrawer(control.dataset.drawer === "open");
  } else if (sidebar?.classList.contains("is-open") && !sidebar.contains(event.target)) {
    setDrawer(false);
  }
});

// The theme changes at once; the server keeps it in a cookie, so the next page comes in it.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-theme-form]") || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const root = document.documentElement;
  if (theme === "auto") root.removeAttribute("data-bs-theme");
  else root.dataset.bsTheme = theme;
  document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", theme === "auto" ? "light dark" : theme);
  for (const button of form.querySelectorAll("[name=theme]")) button.setAttribute("aria-pressed", String(button.value === theme));
  document.dispatchEvent(new CustomEvent("cd:theme"));
  const body = new FormData(form);
  body.set("theme", theme);
  await fetch(form.action, { method: "POST", body, headers: { "X-Crossdock-Script": "1" } });
});

// A second press of the same button does nothing while the first is on its way.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button || event.target.method === "dialog" || event.target.method === "get") return;
  setTimeout(() => {
    button.classList.add("is-busy");
    button.setAttribute("aria-disabled", "true");
  });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(".is-busy")) {
    button.classList.remove("is-busy");
    button.removeAttribute("aria-disabled");
  }
});

// A success notice leaves by itself once it was read; whatever asks for a person stays.
function scheduleNotices(root) {
  for (const notice of root.querySelectorAll('[data-notice="done"]')) {
    setTimeout(() => {
      if (!notice.matches(":hover, :focus-within")) notice.remove();
    }, 8000);
  }
}
scheduleNotices(document);
document.addEventListener("htmx:afterSwap", (event) => scheduleNotices(event.target));

// An answer that never came is said in words, where the eye is.
function failed(text) {
  const place = document.getElementById("messages");
  if (!place || [...place.children].some((child) => child.dataset.failure === text)) return;
  const notice = document.createElement("div");
  notice.className = "cd-notice tone-stuck";
  notice.setAttribute("role", "alert");
  notice.dataset.notice = "stuck";
  notice.dataset.failure = text;
  notice.append(Object.assign(document.createElement("div"), { className: "cd-notice-text", textContent: text }));
  place.append(notice);
  setTimeout(() => notice.remove(), 10000);
}
const words = document.body.dataset;
document.addEventListener("htmx:sendError", () => failed(words.sayOffline ?? "Crossdock cannot be reached. Nothing was changed."));
document.addEventListener("htmx:responseError", () => failed(words.sayRefused ?? "That did not work. Nothing was changed; load the page again."));
