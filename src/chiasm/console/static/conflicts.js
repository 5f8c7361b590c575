// A conflict that someone has looked at is marked as resolved.

for (const button of document.querySelectorAll("[data-resolve]"))
  button.addEventListener("click", async () => {
    const answer = await fetch(`/api/conflicts/${button.dataset.resolve}/resolve`, { method: "POST" });
    if (answer.ok) button.closest("section").remove();
    else button.textContent = `${answer.status} ${answer.statusText}`;
  });
