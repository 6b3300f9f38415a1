"use strict";
// Hands in the token that stands behind "#" in the address of a link that came by mail.
const form = document.getElementById("account");
const said = document.getElementById("said");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname); // it stays in no history

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { token };
  if (form.elements.password) body.password = form.elements.password.value;
  try {
    const answer = await fetch(form.dataset.path, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      form.hidden = true;
      said.textContent = form.dataset.done;
    } else {
      const problem = await answer.json();
      const more = (problem.errors || []).map((one) => `${one.message} ${one.fix || ""}`);
      said.textContent = more.length ? more.join(" ") : problem.detail || problem.title;
    }
  } catch {
    said.textContent = "This gateway cannot be reached now; try again.";
  }
});
