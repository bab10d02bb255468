(kind, words) => {
  // What somebody finds on the page by its words: a text, a button or link, or the field that a label names.
  const plain = text => (text || '').replace(/\s+/g, ' ').trim();
  const shown = element => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden';
  };
  // Before that a page's script may not hear a press, and what still comes moves what is pressed.
  if (!document.body || document.readyState !== 'complete') return null;
  if (kind === 'text') return plain(document.body.innerText).includes(plain(words)) || null;
  if (kind === 'button') {
    const all = [...document.querySelectorAll('a[href], button, input[type=submit], summary')].filter(shown);
    const names = element => [element.getAttribute('aria-label'), element.innerText, element.value].map(plain);
    const found = all.find(element => names(element).includes(plain(words))) ||
      all.find(element => names(element).some(name => name.includes(plain(words))));
    if (!found) return null;
    found.scrollIntoView({block: 'center', behavior: 'instant'});
    const box = found.getClientRects()[0];
    return {x: box.x + box.width / 2, y: box.y + box.height / 2};
  }
  const labels = [...document.querySelectorAll('label')].filter(label => label.control);
  const label = labels.find(label => plain(label.innerText) === plain(words)) ||
    labels.find(label => plain(label.innerText).startsWith(plain(words)));
  const named = [...document.querySelectorAll('[aria-label]')].find(element => plain(element.getAttribute('aria-label')) === plain(words));
  const field = label ? label.control : named;
  if (!field) return null;
  field.scrollIntoView({block: 'center', behavior: 'instant'});
  field.focus();
  if (field.select && !['checkbox', 'radio'].includes(field.type)) field.select();
  return document.activeElement === field || null;
}
