// A column's field is chosen beside it: the mapping gets the line, and the sample is tried again.

document.addEventListener("change", (event) => {
  const chosen = event.target.closest("select[data-map-source]");
  if (!chosen || !chosen.value) return;
  const form = chosen.closest("form");
  const mapping = form.elements[chosen.dataset.mapInto];
  const line = `${chosen.value} = ${chosen.dataset.mapSource}`;
  const kept = mapping.value.split("\n").filter((one) => one.trim() && one.split("=")[0].trim() !== chosen.value);
  mapping.value = [...kept, line].join("\n");
  form.querySelector("[data-sample-preview]").click();
});
