// Shows a form's preview again a moment after something was typed. Without script the button beside the form does it.
(function () {
  'use strict';
  var button = document.querySelector('button[formtarget="preview"]'), waits;
  if (!button || !button.form.requestSubmit) { return; }
  var form = button.form, last = button;

  form.addEventListener('click', function (event) {
    if (event.target.getAttribute('formtarget') === 'preview') { last = event.target; }
  });

  form.addEventListener('input', function () {
    clearTimeout(waits);
    waits = setTimeout(function () {
      // A new frame, so that the way back leads to the page before and not through everything that was typed.
      var frame = document.querySelector('iframe[name="preview"]'), fresh = frame.cloneNode(false);
      fresh.removeAttribute('src');
      frame.replaceWith(fresh);
      form.requestSubmit(last);
    }, 500);
  });
}());
