(function () {
  'use strict';
  var body = document.body, every = body.getAttribute('data-every');

  function say(id, text) {
    var place = document.getElementById(id);
    if (place && text && place.textContent !== text) { place.textContent = text; }
  }

  function again() { setTimeout(look, every * 1000); }

  function look() {
    var ask = new XMLHttpRequest();
    ask.open('GET', body.getAttribute('data-ask'));
    ask.timeout = 8000;
    ask.onload = function () {
      var is;
      try { is = JSON.parse(ask.responseText); } catch (_) { is = null; }
      if (ask.status === 200 && is && (is.state !== body.getAttribute('data-state')
        || is.payment_unknown !== body.hasAttribute('data-unknown')
        || is.late !== body.hasAttribute('data-late'))) {
        location.replace(body.getAttribute('data-then'));
        return;
      }
      if (is) { say('time', is.time_left); say('data', is.data_left); }
      again();
    };
    ask.onerror = ask.ontimeout = again;
    ask.send();
  }

  if (every) { again(); }

  // The sign-in windows of Android and iOS; in a browser of its own a person decides when to go.
  function isSignInWindow(agent) {
    return /; wv\)/.test(agent) || (/AppleWebKit/.test(agent) && !/Safari\//.test(agent));
  }

  var leaving = document.getElementById('leaving'), leaves;
  if (leaving && isSignInWindow(navigator.userAgent)) {
    leaving.hidden = false;
    leaves = setTimeout(function () {
      location.href = leaving.getAttribute('data-to');
    }, leaving.getAttribute('data-secs') * 1000);
    leaving.querySelector('button').onclick = function () {
      clearTimeout(leaves);
      leaving.hidden = true;
    };
  }

  document.addEventListener('change', function (event) {
    var price = event.target.getAttribute('data-price'), pay = document.getElementById('pay');
    if (price && pay) { pay.textContent = pay.getAttribute('data-pay') + ' ' + price; }
  });

  document.addEventListener('submit', function (event) {
    var button = event.target.querySelector('button');
    if (button.disabled) { event.preventDefault(); return; }
    button.disabled = true;
    button.setAttribute('data-was', button.textContent);
    button.textContent = body.getAttribute('data-moment');
  });

  window.addEventListener('pageshow', function () {
    var buttons = document.querySelectorAll('button[data-was]'), i;
    for (i = 0; i < buttons.length; i += 1) {
      buttons[i].disabled = false;
      buttons[i].textContent = buttons[i].getAttribute('data-was');
      buttons[i].removeAttribute('data-was');
    }
  });
}());
