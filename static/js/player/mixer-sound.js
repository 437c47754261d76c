/*
Tracks that sound as one: window.flowwebMix(audios) plays several <audio> elements together.

Why elements, and not four decoded buffers that one clock would start: a song of three minutes takes 250 MB decoded, one that
was extended a gigabyte, which ends the tab of a phone, and nothing would sound before all of it had come. Elements begin at
once and hold a few seconds each, by Range. Their price is that each has a clock of its own. So everything that is heard goes
through a short delay, and behind that through a gate: what the elements do is looked at before it is heard. Whatever is
further apart than APART_S is never let through; the elements are stopped, put to one place and started together again. Smaller
differences are taken back by playing a little faster or slower.

play(), pause(), seek(s), setGain(index, gain), setAll(gain), level(index) (0 to 1, what is heard now), close(); at, duration and
paused. It tells `changed(state)`: "playing", "waiting" (for the tracks to come), "paused", and `failed(index)` for a track that
can't be played: the others go on without it.
*/
(function () {
  "use strict";

  const DELAY_S = 0.15; // between what an element plays and what is heard of it
  const APART_S = 0.04;
  const NEAR_S = 0.012; // nothing is done about less
  const NUDGE = 0.01;
  const LOOK_MS = 40;
  const GATE_S = 0.008;

  window.flowwebMix = function (audios, { changed, failed }) {
    const context = new AudioContext();
    const gate = context.createGain();
    const all = context.createGain();
    const tracks = audios.map(wire);
    let at = 0; // where it goes on from, while it doesn't play
    let wanted = false;
    let together = false; // the gate is open
    let turn = 0; // of gathering: who is overtaken gives up
    let timer = 0;

    gate.gain.value = 0;
    all.connect(gate).connect(context.destination);

    function wire(audio, index) {
      const source = context.createMediaElementSource(audio);
      const delay = context.createDelay(1);
      const gain = context.createGain();
      const meter = context.createAnalyser();
      delay.delayTime.value = DELAY_S;
      meter.fftSize = 1024;
      audio.preservesPitch = false; // 1 % for a moment: stretching would be heard more
      source.connect(delay).connect(gain).connect(meter).connect(all);
      const heard = new Float32Array(meter.fftSize);
      const track = { audio, source, gain, meter, heard, dead: false, from: 0, ahead: 0 }; // from: where it was started
      audio.addEventListener("error", () => {
        if (track.dead || !audio.getAttribute("src")) return;
        track.dead = true;
        failed(index);
      });
      return track;
    }

    const alive = () => tracks.filter((track) => !track.dead);
    const running = () => alive().filter((track) => !track.audio.ended);
    const duration = () => Math.max(0, ...alive().map(({ audio }) => (Number.isFinite(audio.duration) ? audio.duration : 0)));

    function glide(param, value, seconds) {
      param.cancelScheduledValues(context.currentTime);
      param.setTargetAtTime(value, context.currentTime, seconds);
    }

    function shut(open) {
      together = open;
      glide(gate.gain, open ? 1 : 0, GATE_S);
    }

    function apart() {
      const places = running().map(({ audio }) => audio.currentTime);
      return places.length ? Math.max(...places) - Math.min(...places) : 0;
    }

    const place = () => Math.min(...running().map(({ audio }) => audio.currentTime));

    /* To one place, all of them ready, and then started in one go. Without a gesture of a person nothing may start: the first
       play() of each element is inside it. */
    async function gather() {
      const mine = (turn += 1);
      clearInterval(timer);
      shut(false);
      changed("waiting");
      await Promise.all([context.resume(), ...alive().map(prepare)]);
      if (mine !== turn || !wanted) return;
      await Promise.all(alive().map(({ audio }) => audio.play().catch(() => {})));
      if (mine !== turn || !wanted) return;
      timer = setInterval(look, LOOK_MS);
    }

    function prepare(track) {
      const { audio } = track;
      audio.preload = "auto";
      if (!audio.played.length && audio.paused) audio.play().catch(() => {});
      audio.pause();
      audio.playbackRate = 1;
      track.from = Math.min(at + track.ahead, (audio.duration || Infinity) - 0.01);
      if (Math.abs(audio.currentTime - track.from) > 0.001 || audio.ended) audio.currentTime = track.from;
      return ready(audio);
    }

    /* With its place reached and enough to go on from; or never, when it fails. */
    function ready(audio) {
      return new Promise((done) => {
        const names = ["canplay", "canplaythrough", "seeked", "error"];
        const check = () => {
          if (!audio.error && (audio.seeking || audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA)) return;
          names.forEach((name) => audio.removeEventListener(name, check));
          done();
        };
        names.forEach((name) => audio.addEventListener(name, check));
        check();
      });
    }

    function look() {
      if (!running().length) {
        clearInterval(timer);
        setTimeout(finish, 1000 * DELAY_S, turn);
        return;
      }
      const started = running().every(({ audio, from }) => audio.currentTime > from);
      if (!together) {
        if (started && apart() <= APART_S) {
          shut(true);
          changed("playing");
        } else if (started) {
          learn();
          again();
        }
        return;
      }
      if (apart() > APART_S) again();
      else nudge();
    }

    /* From what was heard last: what was only played is heard again. */
    function again() {
      at = Math.max(0, together ? place() - DELAY_S : at);
      gather();
    }

    /* Where starting takes some of them longer, every time, these begin further on. */
    function learn() {
      const first = Math.max(...running().map(({ audio }) => audio.currentTime));
      for (const track of running()) track.ahead += first - track.audio.currentTime;
      const least = Math.min(...running().map(({ ahead }) => ahead));
      for (const track of running()) track.ahead -= least;
    }

    function nudge() {
      const lead = running()[0].audio.currentTime;
      for (const { audio } of running()) {
        const ahead = audio.currentTime - lead;
        const rate = Math.abs(ahead) < NEAR_S ? 1 : 1 - Math.sign(ahead) * NUDGE;
        if (audio.playbackRate !== rate) audio.playbackRate = rate;
      }
    }

    function stop() {
      turn += 1;
      clearInterval(timer);
      shut(false);
      tracks.forEach(({ audio }) => audio.pause());
    }

    function finish(mine) {
      if (mine !== turn) return;
      wanted = false;
      at = 0;
      stop();
      changed("paused");
    }

    return {
      play() {
        if (wanted) return;
        wanted = true;
        gather();
      },
      pause() {
        if (!wanted) return;
        at = this.at;
        wanted = false;
        stop();
        changed("paused");
      },
      seek(to) {
        at = Math.max(0, Math.min(to, (duration() || to) - 0.05));
        if (wanted) gather();
      },
      setGain: (index, gain) => glide(tracks[index].gain.gain, gain, GATE_S),
      setAll: (gain) => glide(all.gain, gain, GATE_S),
      level(index) {
        const { meter, heard } = tracks[index];
        if (!together) return 0;
        meter.getFloatTimeDomainData(heard);
        return heard.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      },
      close() {
        wanted = false;
        stop();
        context.close();
      },
      get at() {
        return together && running().length ? Math.max(0, place() - DELAY_S) : at;
      },
      get duration() {
        return duration();
      },
      get paused() {
        return !wanted;
      },
      get together() {
        return together;
      },
      tracks,
      context,
    };
  };
})();
