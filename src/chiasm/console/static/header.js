// The header's tree: another instance at a choice, and the rows that hold what is typed.

document.getElementById("choose").addEventListener("change", (event) => event.currentTarget.submit());

const rows = [...document.querySelectorAll("#tree tbody tr")];
const texts = rows.map((row) => row.textContent.toLowerCase());
const depths = rows.map((row) => Number(row.className.slice(6)));
const count = document.getElementById("count");
const words = count.dataset.text;

document.getElementById("filter").addEventListener("input", (event) => {
  const sought = event.target.value.trim().toLowerCase().replace(/[(),]/g, "");
  let shown = 0;
  const keep = texts.map((text) => !sought || text.includes(sought));
  // What stands above a row that is found stays, so that one sees where it is.
  let wanted = -1;
  for (let at = rows.length - 1; at >= 0; at--) {
    if (keep[at]) {
      shown++;
      wanted = depths[at];
    } else if (wanted > depths[at]) {
      keep[at] = true;
      wanted = depths[at];
    }
  }
  rows.forEach((row, at) => (row.hidden = !keep[at]));
  count.textContent = words.replace("{count}", shown);
});
