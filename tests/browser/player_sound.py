"""Whether the player really sounds: measured on the one <audio> element, not believed from its properties."""

import io
import urllib.request

import av
import numpy as np
from playwright.sync_api import Locator, Page

# Of full scale, over the loudest of a few windows. The quietest tune of the sandbox is ten times as loud.
SILENCE = 0.005

LOUDNESS = """
async () => {
  const audio = document.getElementById("player-audio");
  const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
  const until = async (ready) => {
    for (let look = 0; look < 200 && !ready(); look += 1) await pause();
  };
  // The place of a take that was just chosen is known before its file is open, and a capture may stay mute then.
  await until(() => audio.readyState >= 3 && !audio.seeking);
  const context = new AudioContext();
  await context.resume();
  const stream = audio.captureStream();  // without a track until the file of the take is there
  await until(() => stream.getAudioTracks().length);
  const source = context.createMediaStreamSource(stream);
  const analyser = context.createAnalyser();
  analyser.fftSize = 2048;
  source.connect(analyser);
  const window = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let look = 0; look < 40 && loudest < 0.02; look += 1) {
    await pause();
    analyser.getFloatTimeDomainData(window);
    loudest = Math.max(loudest, Math.sqrt(window.reduce((sum, each) => sum + each * each, 0) / window.length));
  }
  await context.close();
  return loudest;
}
"""


def place(page: Page) -> float:
    """Where the song is, in seconds."""
    return float(page.locator("#player-audio").evaluate("(audio) => audio.currentTime"))


def sounding(page: Page) -> str:
    """The address of what is playing, "" while nothing is."""
    return str(
        page.evaluate(
            "((audio) => audio.paused ? '' : audio.currentSrc)(document.getElementById('player-audio'))"
        )
    )


def wait_until_past(page: Page, second: float) -> None:
    page.wait_for_function("(s) => document.getElementById('player-audio').currentTime > s", arg=second)


def assert_audible(page: Page) -> None:
    loudest = page.evaluate(LOUDNESS)
    assert loudest > SILENCE, (
        f"silent: RMS {loudest:.5f} at {place(page):.1f} s of {sounding(page) or 'nothing'}"
    )


def assert_remote_is_audible(page: Page, link: str) -> None:
    """The same for sound of another origin, which a page may play but not listen to: the browser decodes what comes
    from there, at a volume above 0, and what comes from there is not silent."""
    decoded = "(audio) => [audio.webkitAudioDecodedByteCount > 0, audio.volume > 0, audio.muted]"
    assert page.locator("#player-audio").evaluate(decoded) == [True, True, False]
    with urllib.request.urlopen(link, timeout=60) as answer, av.open(io.BytesIO(answer.read())) as container:
        loudest = max(float(np.sqrt((frame.to_ndarray() ** 2).mean())) for frame in container.decode(audio=0))
    assert loudest > SILENCE, f"silent: RMS {loudest:.5f}"


def take_of(button: Locator) -> dict[str, str]:
    """What a play button and its row tell the player of a take."""
    take: dict[str, str] = button.evaluate("button => window.flowwebPlayer.read(button)")
    return take
