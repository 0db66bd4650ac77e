// Keeps relative times fresh, in the same words and by the same limits as the server's `shown.relative`.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let words = {};
try {
  words = JSON.parse(document.body.dataset.momentWords ?? "{}");
} catch {
  words = {};
}

function relative(moment) {
  const seconds = (Date.now() - moment) / 1000;
  const size = Math.abs(seconds);
  if (size < MINUTE) return seconds >= 0 ? words.now : words.soon;
  const [unit, length] = size < HOUR ? ["min", MINUTE] : size < DAY ? ["h", HOUR] : ["d", DAY];
  if (size >= 14 * DAY) return null; // a date, which the server wrote
  return words[seconds >= 0 ? `${unit}_ago` : `in_${unit}`]?.replace("{n}", Math.floor(size / length));
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-moment]")) {
    const text = relative(Date.parse(element.dateTime));
    if (text && element.textContent !== text) element.textContent = text;
  }
}

if (words.now) {
  setInterval(() => {
    if (!document.hidden) refresh();
  }, 15000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh();
  });
  addEventListener("pageshow", refresh);
}
