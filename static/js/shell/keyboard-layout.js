/*
Which shortcut a key press means, on every keyboard layout.

window.flowwebShortcut(event): the letter as the shortcut lists write it ("n", "S" with Shift), else event.key. Where the
layout has other letters than Latin ones the key's own place counts, and Caps Lock never makes a Shift.
*/
(function () {
  "use strict";

  const LATIN = /^[a-z]$/i;
  const SIGNS = { Comma: ",", Period: ".", Slash: "/" };
  /* On a Cyrillic layout the key of "/" and "?" writes these two. */
  const SLASH = { ".": "/", ",": "?" };

  const isForeign = (key) => key.length === 1 && /\p{Letter}/u.test(key);

  window.flowwebShortcut = function (event) {
    const letter = LATIN.test(event.key) ? event.key : isForeign(event.key) && /^Key([A-Z])$/.exec(event.code)?.[1];
    if (letter) return event.shiftKey ? letter.toUpperCase() : letter.toLowerCase();
    if (isForeign(event.key)) return SIGNS[event.code] || event.key;
    return (event.code === "Slash" && SLASH[event.key]) || event.key;
  };
})();
