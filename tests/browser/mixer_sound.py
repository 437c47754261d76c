"""Whether the tracks of the mixer really sound, and together: measured on the sound, not believed from clocks."""

from dataclasses import dataclass

from playwright.sync_api import Page

# Of full scale. What is muted falls below it at once, the sandbox's quietest part is far above it.
SILENCE = 0.001

# The loudest of each track over some windows, behind its own volume.
LEVELS = """
async (windows) => {
  const { mix } = window.flowwebMixer;
  const loudest = mix.tracks.map(() => 0);
  for (let look = 0; look < windows; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    mix.tracks.forEach((_, index) => (loudest[index] = Math.max(loudest[index], mix.level(index))));
  }
  return loudest;
}
"""

# How far the tracks are apart by their clocks, whenever something is heard, looked at as often as the page lets us.
CLOCKS = """
async (seconds) => {
  const { mix } = window.flowwebMixer;
  const until = performance.now() + 1000 * seconds;
  let [apart, looks] = [0, 0];
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (!mix.together) continue;
    const places = mix.tracks.map(({ audio }) => audio.currentTime);
    apart = Math.max(apart, Math.max(...places) - Math.min(...places));
    looks += 1;
  }
  return { apart, looks };
}
"""

# Where in its file each track is, by the sound: what is heard is looked for in the decoded file, near the place that
# its clock says. All four are listened to at the same moment of the one clock of the output.
PLACES = """
async () => {
  const { mix } = window.flowwebMixer;
  const STEP = 8, HEARD = 32768, NEAR_S = 0.3;
  const thin = (samples) => {
    const thinned = new Float32Array(Math.floor(samples.length / STEP));
    for (let place = 0; place < thinned.length; place += 1) {
      for (let each = 0; each < STEP; each += 1) thinned[place] += samples[place * STEP + each];
    }
    return thinned;
  };
  const energy = (samples, from, length) => {
    let sum = 0;
    for (let place = from; place < from + length; place += 1) sum += samples[place] * samples[place];
    return sum;
  };
  const files = await Promise.all(mix.tracks.map(async ({ audio }) => {
    const whole = await (await fetch(audio.currentSrc)).arrayBuffer();
    const decoded = await mix.context.decodeAudioData(whole);
    const mono = decoded.getChannelData(0).slice();
    for (let channel = 1; channel < decoded.numberOfChannels; channel += 1) {
      decoded.getChannelData(channel).forEach((sample, place) => (mono[place] += sample));
    }
    for (let place = 0; place < mono.length; place += 1) mono[place] /= decoded.numberOfChannels;
    return thin(mono);
  }));
  const ears = mix.tracks.map(({ source }) => {
    const ear = mix.context.createAnalyser();
    ear.fftSize = HEARD;
    source.connect(ear);
    return ear;
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const heard = ears.map(() => new Float32Array(HEARD));
  ears.forEach((ear, index) => ear.getFloatTimeDomainData(heard[index]));
  const clocks = mix.tracks.map(({ audio }) => audio.currentTime);
  return heard.map((samples, index) => {
    const piece = thin(samples), file = files[index], rate = mix.context.sampleRate / STEP;
    const expected = Math.round(clocks[index] * rate) - piece.length;
    const own = energy(piece, 0, piece.length);
    let best = { likeness: 0, place: 0 };
    for (let from = expected - NEAR_S * rate; from <= expected + NEAR_S * rate; from += 1) {
      const start = Math.round(from);
      if (start < 0 || start + piece.length > file.length) continue;
      let product = 0;
      for (let place = 0; place < piece.length; place += 1) product += piece[place] * file[start + place];
      const likeness = product / Math.sqrt(own * energy(file, start, piece.length) || 1);
      if (likeness > best.likeness) best = { likeness, place: (start + piece.length) / rate };
    }
    return best;
  });
}
"""


@dataclass(frozen=True)
class Heard:
    """Where a track is by its sound, in seconds, and how sure that is: 1 is the same sound."""

    place: float
    likeness: float


def levels(page: Page, *, windows: int = 24) -> list[bool]:
    """Which of the tracks are heard."""
    return [level > SILENCE for level in page.evaluate(LEVELS, windows)]


def apart_by_clocks(page: Page, *, seconds: float) -> float:
    found = page.evaluate(CLOCKS, seconds)
    assert found["looks"] > 10, "hardly anything was heard"
    return float(found["apart"])


def heard(page: Page) -> list[Heard]:
    return [Heard(each["place"], each["likeness"]) for each in page.evaluate(PLACES)]
