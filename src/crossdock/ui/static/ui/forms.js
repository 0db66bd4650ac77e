// Forms: show a secret while it is typed, load choices from the platform, bring the first error into view.

const words = document.body.dataset;

function dress(root) {
  for (const button of root.querySelectorAll("[data-reveal]")) button.hidden = false;
  for (const button of root.querySelectorAll("[data-load-choices]")) button.hidden = false;
}

// A field that makes sense only with a certain answer to another one is shown with that answer. What is hidden is still sent.
function showWhen() {
  for (const part of document.querySelectorAll("[data-shown-when]")) {
    const form = part.closest("form");
    const name = part.dataset.shownWhen;
    const asked = [...form.elements].filter((field) => field.name === name || field.name.endsWith(`-${name}`));
    if (!asked.length) continue;
    const answers = asked
      .filter((field) => !["checkbox", "radio"].includes(field.type) || field.checked)
      .map((field) => (field.type === "checkbox" && field.value === "on" ? "true" : field.value));
    part.hidden = !part.dataset.shownValues.split(" ").some((value) => answers.includes(value) || (value === "false" && !answers.length));
  }
}
showWhen();
document.addEventListener("change", showWhen);
document.addEventListener("htmx:load", showWhen);

dress(document);
document.addEventListener("htmx:load", (event) => dress(event.target));

document.addEventListener("click", (event) => {
  const reveal = event.target.closest("[data-reveal]");
  if (reveal) {
    const input = reveal.parentElement.querySelector("input");
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    reveal.setAttribute("aria-pressed", String(!shown));
    const use = reveal.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, shown ? "#eye" : "#eye-off"));
    input.focus();
  }
  const load = event.target.closest("[data-load-choices]");
  if (load) loadChoices(load);
});

/** The field's error, beside it; an empty sentence takes it away. */
function complain(holder, sentence) {
  const field = holder.closest(".cd-field");
  field.querySelector(".cd-field-error[data-loaded]")?.remove();
  if (!sentence) return;
  const error = document.createElement("div");
  error.className = "cd-field-error";
  error.dataset.loaded = "1";
  error.setAttribute("role", "alert");
  error.textContent = sentence;
  holder.after(error);
}

/** Ask the platform for the choices with what the form holds now, and turn the text box into a select of them. */
async function loadChoices(button) {
  const holder = button.closest("[data-choices-url]");
  const input = holder.querySelector("input, select");
  const icon = button.querySelector(".cd-icon");
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  icon?.classList.add("cd-turning");
  try {
    const body = new FormData(button.form);
    const answer = await fetch(holder.dataset.choicesUrl, { method: "POST", body, headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (found.error) {
      complain(holder, found.error);
      return;
    }
    const choices = found.choices ?? found;
    const select = document.createElement("select");
    for (const name of ["id", "name", "required", "aria-describedby"]) {
      if (input.hasAttribute(name)) select.setAttribute(name, input.getAttribute(name));
    }
    select.className = "form-select";
    const known = choices.some((choice) => String(choice.value) === input.value);
    if (!known) select.add(new Option(input.value, input.value));
    for (const { value, label } of choices) select.add(new Option(label, value));
    select.value = input.value;
    input.replaceWith(select);
    complain(holder, "");
    select.focus();
  } catch {
    complain(holder, words.sayOffline ?? "Crossdock cannot be reached. Nothing was changed.");
  } finally {
    button.removeAttribute("aria-disabled");
    icon?.classList.remove("cd-turning");
  }
}

// After a refused form: the first field at fault is where one goes on.
function toFirstError(root) {
  const first = root.querySelector('[aria-invalid="true"]');
  if (first && !document.querySelector("dialog[open]")) {
    first.focus({ preventScroll: true });
    first.scrollIntoView({ block: "center" });
  }
}
toFirstError(document);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.querySelector) toFirstError(event.target);
});
