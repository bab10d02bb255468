"use strict";
// A form with data-checks names a part of its page: when a field changes, the page is asked for anew as the form's first button would, and
// that part is put in its place.
for (const form of document.querySelectorAll("form[data-checks]")) {
  const part = form.dataset.checks;
  let wait, asked = 0;
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(async () => {
      const mine = ++asked;
      const body = new URLSearchParams(new FormData(form));
      body.set("do", "check");
      try {
        const answer = await fetch(form.action, { method: "POST", body, redirect: "error" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const anew = page.getElementById(part);
        if (anew && mine === asked) document.getElementById(part).replaceWith(anew);
      } catch {
        // The button still works.
      }
    }, 400);
  });
}
// A list with data-but names a field: what is chosen there is not offered in the list once more.
for (const list of document.querySelectorAll("[data-but]")) {
  const field = document.getElementById(list.dataset.but);
  const leave = () => {
    for (const box of list.querySelectorAll("input")) box.closest("label").hidden = box.value === field.value;
  };
  field.addEventListener("change", leave);
  leave();
}
