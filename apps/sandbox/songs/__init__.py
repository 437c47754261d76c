"""Short tunes that follow the words of a prompt: made with numpy, encoded with ffmpeg's libraries.

song.py decides what a take is (cheap, when it is ordered); performance.py plays it (when somebody wants to hear it).
"""
