"""What people call a browser that calls itself `Mozilla/5.0 (X11; Linux x86_64) …`."""

# The first that is in it: each of them also says that it is one of those below it.
NAMES = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrom": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def short(user_agent: str) -> str:
    """Firefox on Linux; what comes before the first / or space for what is no browser, "" for nothing."""
    name = _first(NAMES, user_agent) or user_agent.split("/")[0].split(" ")[0][:40]
    system = _first(SYSTEMS, user_agent)
    return f"{name} on {system}" if name and system else name


def _first(known: dict[str, str], text: str) -> str:
    return next((words for sign, words in known.items() if sign in text), "")
