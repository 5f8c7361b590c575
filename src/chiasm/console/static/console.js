// The list of studies: search as one types, and arrivals as they come. Without this script the form still works.

const form = document.getElementById("search");
const list = document.getElementById("list");
const live = document.getElementById("live");
let asked = 0;
let offset = Number(new URLSearchParams(location.search).get("offset")) || 0;

function wanted() {
  const fields = new FormData(form);
  const query = new URLSearchParams();
  for (const [name, value] of fields) if (value) query.set(name, value);
  if (offset) query.set("offset", offset);
  return query;
}

async function refresh(mark) {
  const turn = ++asked;
  const query = wanted();
  const before = new Set([...list.querySelectorAll("tr[data-study]")].map((row) => row.dataset.study));
  const answer = await fetch(`/studies?${query}`).catch(() => null);
  if (!answer || turn !== asked) return; // a later question is under way
  list.innerHTML = await answer.text();
  history.replaceState(null, "", query.size ? `/?${query}` : "/");
  if (mark)
    for (const row of list.querySelectorAll("tr[data-study]"))
      if (!before.has(row.dataset.study) || mark.has(row.dataset.study)) row.classList.add("new");
}

let typing;
form.addEventListener("input", () => {
  offset = 0;
  clearTimeout(typing);
  typing = setTimeout(refresh, 120);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  refresh();
});
document.getElementById("clear").addEventListener("click", (event) => {
  event.preventDefault();
  for (const field of form.elements) field.value = "";
  offset = 0;
  refresh();
});
list.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-offset]");
  if (link) {
    event.preventDefault();
    offset = Number(link.dataset.offset);
    refresh();
    scrollTo(0, 0);
  } else if (!event.target.closest("a")) {
    const row = event.target.closest("tr[data-study]");
    if (row && !getSelection().toString()) location.href = `/studies/${row.dataset.study}`;
  }
});

const stream = new EventSource("/live");
const told = live.querySelector("span");
const said = told.textContent;
stream.onopen = () => {
  live.className = "live on";
  told.textContent = said;
};
stream.onerror = () => {
  live.className = "live lost";
  told.textContent = live.dataset.lost;
};
stream.onmessage = (event) => refresh(new Set(JSON.parse(event.data).studies));
addEventListener("pagehide", () => stream.close());
