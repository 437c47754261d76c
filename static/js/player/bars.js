/*
The small waveforms of lists: svg.wave[data-bars] has a letter for each bar ("A" for silence, "q" for the loudest), of which the path
of the bigger ones is made (apps/library/playback/waveforms.py). They are decoration: without this script their place stays empty.
*/
(function () {
  "use strict";

  const STEP = 3; // of the box, per bar
  const MIDDLE = 50;
  const NOUGHT = "@".charCodeAt(0);

  function line(letter, index) {
    const half = letter.charCodeAt(0) - NOUGHT;
    return `M${STEP * index + 1} ${MIDDLE - half}v${2 * half}`;
  }

  function draw(wave) {
    const bars = [...wave.dataset.bars];
    const path = document.createElementNS(wave.namespaceURI, "path");
    path.setAttribute("d", bars.map(line).join(""));
    wave.setAttribute("viewBox", `0 0 ${STEP * bars.length} ${2 * MIDDLE}`);
    wave.setAttribute("preserveAspectRatio", "none");
    wave.setAttribute("aria-hidden", "true");
    wave.append(path);
  }

  const drawAll = () => document.querySelectorAll("svg.wave[data-bars]:empty").forEach(draw);
  drawAll();
  document.addEventListener("htmx:load", drawAll);
})();
