// The crossing: a row of the ledger and its place in the message light up together.

document.getElementById("choose").addEventListener("change", (event) => event.currentTarget.submit());

const lines = [...document.querySelectorAll("#ledger tbody tr")];
const places = new Map();
for (const place of document.querySelectorAll("#message [data-place]")) places.set(place.dataset.place, place);
for (const line of lines) {
  const place = places.get(line.dataset.place);
  if (place) place.dataset.from = "";
}

function choose(place) {
  for (const old of document.querySelectorAll(".chosen")) old.classList.remove("chosen");
  if (!place) return;
  const target = places.get(place);
  const sources = lines.filter((line) => line.dataset.place === place);
  target?.classList.add("chosen");
  for (const line of sources) line.classList.add("chosen");
  return [target, sources[0]];
}

document.getElementById("ledger")?.addEventListener("click", (event) => {
  const found = choose(event.target.closest("tr")?.dataset.place);
  found?.[0]?.scrollIntoView({ block: "nearest" });
});
document.getElementById("message")?.addEventListener("click", (event) => {
  const found = choose(event.target.closest("[data-place]")?.dataset.place);
  found?.[1]?.scrollIntoView({ block: "center", behavior: "smooth" });
});
for (const box of document.querySelectorAll(".legend input"))
  box.addEventListener("change", () => {
    const kinds = new Set([...document.querySelectorAll(".legend input:checked")].map((one) => one.value));
    for (const line of lines) line.hidden = !kinds.has(line.dataset.kind);
  });
