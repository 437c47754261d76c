"""What must never happen on a page, whatever a test is about."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  const place = `${event.sourceFile}:${event.lineNumber}`;
  console.error(`CSP: ${event.violatedDirective} refuses ${event.blockedURI} at ${place}`);
});
"""
# Chromium's own line for an answer of 400 and more: those are watched as answers, with their addresses.
ANSWERED = "Failed to load resource: the server responded with a status of "
# What htmx writes when a question of its own ends because the page is left. An answer that never came, or came too
# late, has a line of its own besides: htmx:sendError, htmx:timeout.
LEFT = ("htmx:afterRequest, ", "htmx:sendAbort, ")


class Watch:
    """Follows every page of a context. `trouble` has a line for each thing that should not have happened;
    `answers` every status and address, in order. Of the remote side an <audio> may ask for media, and nothing else may.
    """

    def __init__(self, context: BrowserContext, origin: str, remote: str = "") -> None:
        self.trouble: list[str] = []
        self.answers: list[tuple[int, str]] = []
        self._origin, self._media = origin, f"{remote}/media/"
        self._expected: set[int] = set()
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def take_trouble(self) -> list[str]:
        """What happened since the last time; nothing is expected any more."""
        found, self.trouble = self.trouble, []
        self._expected = set()
        return found

    def expect(self, *statuses: int) -> None:
        """Answers of 400 to 499 that belong to this test. There is no way to expect a 500."""
        self._expected |= set(statuses)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith((ANSWERED, *LEFT)):
            self.trouble.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self.trouble.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        is_media = request.resource_type == "media" and request.url.startswith(self._media)
        if not is_media and not request.url.startswith((f"{self._origin}/", "blob:")):
            self.trouble.append(f"asked elsewhere: {request.method} {request.url[:200]}")

    def _failed(self, request: Request) -> None:
        # A visit that begins ends what the page before was loading.
        if request.failure != "net::ERR_ABORTED":
            self.trouble.append(f"{request.failure}: {request.method} {request.url}")

    def _response(self, response: Response) -> None:
        self.answers.append((response.status, response.url))
        if response.status >= 500 or (response.status >= 400 and response.status not in self._expected):
            self.trouble.append(f"{response.status}: {response.request.method} {response.url}")
