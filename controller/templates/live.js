// Keeps the live part of a page as it is now. Without it the page is as it was when it was opened, and its link refreshes it.
(() => {
  const live = document.getElementById("live");
  if (!live || !window.EventSource) return;
  let source;
  // What somebody reads or types in is not taken away from under their hands.
  const busy = () => live.contains(document.activeElement) || live.querySelector("details[open]");
  const open = () => {
    source = new EventSource(live.dataset.from);
    source.addEventListener("live", (event) => {
      if (!busy()) live.innerHTML = event.data;
    });
  };
  const close = () => {
    if (source) source.close();
    source = undefined;
  };
  document.addEventListener("visibilitychange", () => {
    close();
    if (!document.hidden) open();
  });
  window.addEventListener("pagehide", close);
  open();
})();
