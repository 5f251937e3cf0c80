// What pages do without this, they do by hand: every button that needs it is hidden in the page.
"use strict";

for (const button of document.querySelectorAll("button.copy")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  });
}

// A file that is dropped on a form goes into its field for one.
for (const field of document.querySelectorAll('input[type="file"]')) {
  const form = field.form;
  const brings = (event) => event.dataTransfer && event.dataTransfer.types.includes("Files");
  form.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  form.addEventListener("dragleave", () => form.classList.remove("dropping"));
  form.addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    form.classList.remove("dropping");
    field.files = event.dataTransfer.files;
  });
}
