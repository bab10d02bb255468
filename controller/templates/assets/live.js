// Keeps the live part of a page as it is now. Without it the page is as it was when it was opened, and its link refreshes it.
(() => {
  const live = document.getElementById("live");
  if (!live || !window.EventSource) return;
  const still = document.getElementById("still");
  const soon = 10000;
  const late = 300000;
  let source;
  let again;
  let pause = soon;
  // What somebody reads or types in is not taken away from under their hands.
  const busy = () => live.contains(document.activeElement) || live.querySelector("details[open]");
  const open = () => {
    source = new EventSource(live.dataset.from);
    source.addEventListener("open", () => {
      pause = soon;
      still.hidden = true;
    });
    source.addEventListener("live", (event) => {
      const now = document.createElement("template");
      now.innerHTML = event.data;
      // What is live outside of that part, such as the tag beside the name, comes with it.
      for (const part of now.content.querySelectorAll("template[data-for]")) {
        document.getElementById(part.dataset.for)?.replaceChildren(part.content.cloneNode(true));
      }
      if (!busy()) live.replaceChildren(now.content);
    });
    // A line that breaks is mended by the browser. An answer that is no stream ends it for good: too many are open, the program is
    // started anew, nobody is logged in any more.
    source.addEventListener("error", (event) => {
      if (event.target.readyState !== EventSource.CLOSED) return;
      still.hidden = false;
      again = setTimeout(open, pause);
      pause = Math.min(pause * 2, late);
    });
  };
  const close = () => {
    clearTimeout(again);
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
