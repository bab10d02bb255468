// Loads the page again as soon as it would look different, and never while it would not: no button moves under a finger.
(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  for (;;) {
    try {
      const answer = await fetch(document.body.dataset.changes, { cache: "no-store" });
      if (answer.status === 205) return location.reload();
      if (!answer.ok) await pause(1000);
    } catch {
      await pause(1000);
    }
  }
})();
