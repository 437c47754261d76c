"""Every page there is, in a studio where songs stand in every state: for the checks of all pages, and for pictures."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

from tests.browser.reference_uploads import upload_files
from tests.browser.sessions import NEWCOMER, Visits
from tests.browser.sign_in import confirm_password
from tests.browser.song_forms import cover, create_song, split

EDITOR = "ella"  # a studio of her own, with a song that was edited
NOBODY, PERSON, VIEWER, EMPTY, TOKENLESS = "", "mara", "vera", "ebba", "tokenless"
UNPAID = "milo"  # may create songs in Mara's studio, and has no token there
SWEEPER = "sven"
PAUSED = "hedda"  # her studio's database was restored
NIGHT = "night+bus@sandbox.example"
LYRICS = "[Verse 1]\nThe kettle sings before I do\nand all the lamps are on\n\n[Chorus]\nStay, stay, the train is late"


@dataclass(frozen=True)
class Stop:
    """One page: who looks at it, its address (`{name}` is filled in by the tour), the status that it answers with."""

    name: str
    person: str
    address: str
    status: int = 200


STOPS = (
    Stop("link", NOBODY, "{link}"),
    Stop("link-gone", NOBODY, "/auth/link/never-was-one/", 410),
    Stop("invitation", NOBODY, "{invitation}"),
    Stop("invitation-else", VIEWER, "{invitation}"),
    Stop("invitation-gone", NOBODY, "/auth/invitation/never-was-one/", 410),
    Stop("sign-in", NOBODY, "/auth/login/"),
    Stop("password-reset", NOBODY, "/auth/password/reset/"),
    Stop("password-reset-done", NOBODY, "/auth/password/reset/done/"),
    Stop("password-reset-gone", NOBODY, "/auth/password/reset/key/1-none/"),
    Stop("signup-closed", NOBODY, "/auth/signup/"),
    Stop("first-run", TOKENLESS, "/"),
    Stop("accounts-empty", TOKENLESS, "/flow-accounts/"),
    Stop("library-empty", EMPTY, "/library/"),
    Stop("jobs-empty", EMPTY, "/jobs/"),
    Stop("create", PERSON, "/create/"),
    Stop("create-again", PERSON, "/create/?from={failed}"),
    Stop("lyrics", PERSON, "/create/lyrics/"),
    Stop("lyrics-empty", EMPTY, "/create/lyrics/"),
    Stop("lyric-draft", PERSON, "{draft}"),
    Stop("lyric-changes", PERSON, "{draft}?version=2&with=1"),
    Stop("lyric-not-free", PERSON, "{draft_paid}"),
    Stop("create-references", PERSON, "/create/?file={file}"),
    Stop("image", PERSON, "/create/image/"),
    Stop("image-empty", EMPTY, "/create/image/"),
    Stop("sweeps", SWEEPER, "/create/sweeps/"),
    Stop("sweeps-empty", EMPTY, "/create/sweeps/"),
    Stop("sweep-draft", SWEEPER, "{sweep_draft}"),
    Stop("sweep-done", SWEEPER, "{sweep}"),
    Stop("sweep-resume", SWEEPER, "{sweep}resume/"),
    Stop("presets", PERSON, "/create/presets/"),
    Stop("prompts", PERSON, "/create/prompts/"),
    Stop("jobs", PERSON, "/jobs/"),
    Stop("jobs-cancelled", PERSON, "/jobs/?state=closed"),
    Stop("jobs-mine-queued", PERSON, "/jobs/?who=mine&state=queued"),
    Stop("job-completed", PERSON, "/jobs/{completed}/"),
    Stop("job-running", PERSON, "/jobs/{running}/"),
    Stop("job-failed", PERSON, "/jobs/{failed}/"),
    Stop("job-unknown", PERSON, "/jobs/{unknown}/"),
    Stop("job-queued", PERSON, "/jobs/{queued}/"),
    Stop("job-cancel", PERSON, "/jobs/{running}/cancel/"),
    Stop("job-remove", PERSON, "/jobs/{queued}/cancel/"),
    Stop("job-remove-all", PERSON, "/jobs/{queued}/remove/?all=1"),
    Stop("job-adopt", PERSON, "/jobs/{cancelled}/adopt/"),
    Stop("job-mark-lost", PERSON, "/jobs/{unknown}/mark-lost/"),
    Stop("job-retry", PERSON, "/jobs/{failed}/retry/"),
    Stop("restored", PAUSED, "/jobs/restored/"),
    Stop("restored-nothing", PERSON, "/jobs/restored/"),
    Stop("library-paused", PAUSED, "/library/"),
    Stop("jobs-paused", PAUSED, "/jobs/"),
    Stop("library", PERSON, "/library/"),
    Stop("library-none-found", PERSON, "/library/?q=zither"),
    Stop("clip", PERSON, "{clip}"),
    Stop("clip-menu", PERSON, "{clip}menu/"),
    Stop("edit-replace", PERSON, "{clip}edit/replace/"),
    Stop("edit-extend", PERSON, "{clip}edit/extend/"),
    Stop("edit-cover", PERSON, "{clip}edit/cover/"),
    Stop("edit-remix", PERSON, "{clip}edit/remix/"),
    Stop("edit-effect", PERSON, "{clip}edit/effect/"),
    Stop("edit-stems", PERSON, "{clip}edit/stems/"),
    Stop("collection-choice", PERSON, "{clip}collect/"),
    Stop("collections", PERSON, "/library/collections/"),
    Stop("collections-empty", EMPTY, "/library/collections/"),
    Stop("collection", PERSON, "{collection}"),
    Stop("trash", PERSON, "/library/trash/"),
    Stop("import", PERSON, "/library/import/"),
    Stop("import-nowhere", TOKENLESS, "/library/import/"),
    Stop("references", PERSON, "/library/files/"),
    Stop("references-empty", EMPTY, "/library/files/"),
    Stop("references-seen", VIEWER, "/library/files/"),
    Stop("library-edits", EDITOR, "/library/"),
    Stop("mixer", EDITOR, "{mixer}"),
    Stop("mixer-without-stems", EDITOR, "{cover}stems/"),
    Stop("versions", EDITOR, "{cover}versions/"),
    Stop("clip-with-versions", EDITOR, "{cover}"),
    Stop("chain-target", EDITOR, "{cover}chain/"),
    Stop("chain-offer", EDITOR, "{cover}chain/?target={target}"),
    Stop("chain", EDITOR, "{chain}"),
    Stop("storage", PERSON, "/library/storage/"),
    Stop("team", PERSON, "/team/"),
    Stop("team-seen", VIEWER, "/team/"),
    Stop("team-new", PERSON, "/team/new/"),
    Stop("team-leave", VIEWER, "/team/leave/"),
    Stop("member-remove", PERSON, "{member}remove/"),
    Stop("handover", PERSON, "{member}handover/"),
    Stop("audit", PERSON, "/team/audit/"),
    Stop("audit-none", PERSON, "/team/audit/?what=downloads&q=nothing"),
    Stop("profile", PERSON, "/settings/account/"),
    Stop("profile-delete", VIEWER, "/settings/account/delete/"),
    Stop("profile-delete-owner", PERSON, "/settings/account/delete/"),
    Stop("tokens", PERSON, "/settings/tokens/"),
    Stop("token-remove", PERSON, "{token_remove}"),
    Stop("tokens-lent", SWEEPER, "/settings/tokens/"),
    Stop("token-lend", PERSON, "{token_lend}"),
    Stop("token-lend-stop", SWEEPER, "{token_lend_stop}"),
    Stop("flow-accounts", PERSON, "/flow-accounts/"),
    Stop("account", PERSON, f"/flow-accounts/{NIGHT}/"),
    Stop("account-add", PERSON, "/flow-accounts/add/"),
    Stop("account-connect", PERSON, f"/flow-accounts/{NIGHT}/connect/"),
    Stop("account-at-work", PERSON, f"/flow-accounts/{NIGHT}/remove/"),
    Stop("usage", PERSON, "/flow-accounts/usage/"),
    Stop("usage-empty", TOKENLESS, "/flow-accounts/usage/"),
    Stop("password-set", NEWCOMER, "/auth/password/set/"),
    Stop("email", PERSON, "/auth/email/"),
    Stop("sign-out", PERSON, "/auth/logout/"),
    Stop("not-here", PERSON, "/library/clips/00000000-0000-0000-0000-000000000000/", 404),
    Stop("listen", VIEWER, "/settings/tokens/"),
    Stop("library-without-token", UNPAID, "/"),
    Stop("welcome", UNPAID, "/library/?welcome=1"),
    Stop("not-allowed", VIEWER, "/create/", 403),
    Stop("two-step-app", VIEWER, "/auth/two-step/totp/activate/"),
    Stop("password-change", VIEWER, "/auth/password/change/"),
    Stop("password-again", VIEWER, "/auth/reauthenticate/"),
)


def stop_named(name: str) -> Stop:
    return next(stop for stop in STOPS if stop.name == name)


@dataclass
class Tour:
    """Prepared once, it goes to any stop."""

    visits: Visits
    _found: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        self._as(PAUSED, self._restore)
        with self.visits.site.in_a_hurry():
            self._as(EDITOR, self._edit)
            self._as(SWEEPER, self._lend, self._sweep)
            self._as(PERSON, self._write_lyrics)
        self._as(PERSON, self._make_songs, self._save_preset, self._upload_files, self._find_addresses)
        self._as(UNPAID, self._ask_to_lend)

    def _as(self, person: str, *parts: Callable[[Page], None]) -> None:
        visit = self.visits.new(person)
        for part in parts:
            part(visit.page)
        assert self.visits.leave(visit) == []

    def address(self, stop: Stop) -> str:
        return stop.address.format_map(self._found)

    def go(self, page: Page, stop: Stop) -> None:
        """To the page, until all of it is there, the panel too where it comes by itself."""
        answer = page.goto(self.address(stop))
        assert answer
        assert answer.status == stop.status, f"{answer.status}: {page.url}"
        expect(page.locator("#panel:not([data-bare])[data-version='']")).to_have_count(0)

    def _restore(self, page: Page) -> None:
        """Some are made, the others are queued, when the database is turned back. First of all: it holds every team."""
        create_song(page, "Harmonium, far away, 60 bpm [slow]", account=NIGHT, count=6)
        expect(page.locator("#work [data-job][data-state=running]").first).to_be_visible(timeout=60_000)
        self.visits.site.restore("Hedda’s studio")
        page.goto("/jobs/restored/")
        page.get_by_role("button", name="Search Flow Music", exact=True).click()
        expect(page.get_by_text("No song found that could be this one")).to_have_count(4, timeout=60_000)
        self.visits.site.clear()

    def _edit(self, page: Page) -> None:
        """A song, its stems, a cover, and the same cover of its other take, which stopped."""
        create_song(page, "Slow soul, organ, a warm voice, 96 bpm", lyrics=LYRICS)
        expect(page.locator("#work [data-state=completed]")).to_have_count(1, timeout=120_000)
        page.goto("/library/")
        first, second = (str(each.get_attribute("href")) for each in page.locator("#work .take-open").all())
        split(page, first)
        made = cover(page, first)
        self._found |= {"mixer": f"{first}stems/", "cover": made, "target": second.split("/")[3]}
        page.goto(f"{made}chain/?target={self._found['target']}")
        page.locator("#work [data-pay]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Edit chain")
        self._found["chain"] = page.url
        page.get_by_role("button", name="Stop the chain").click()
        expect(page.locator("#chain-live .notice")).to_contain_text("What is done already stays.")
        self.visits.site.clear()

    def _make_songs(self, page: Page) -> None:
        """Two that are done, one failed, one unknown, one cancelled, three running, one queued."""
        create_song(
            page, "Dream pop, chorus guitar, soft double-tracked voice, 84 bpm [short]", lyrics=LYRICS
        )
        create_song(page, "Muted trumpet, whistled hook, no voice, ends on the downbeat [short]")
        create_song(page, "A protest song with words that are refused [moderated]", lyrics=LYRICS)
        self.visits.site.finish(least=3)
        create_song(page, "Ferry horn and accordion in the fog [drop before]")
        create_song(page, "Something nobody waits for [slow]")
        page.locator("#work [data-job]", has_text="nobody waits").get_by_role("link", name="Cancel…").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel job").click()
        create_song(page, "Nu-disco, clavinet, handclaps, 118 bpm [slow]", account=NIGHT, count=2)
        create_song(page, "Kitchen ballad for two spoons and a tired piano [slow]", account=NIGHT)
        create_song(page, "Slow drums, far away [slow]")

    def _save_preset(self, page: Page) -> None:
        page.goto("/create/?prompt=Slow+waltz,+string+quartet")
        page.locator("summary", has_text="Presets").click()
        page.get_by_role("button", name="Save this form…").click()
        page.get_by_label("Name").fill("Quiet waltz")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("New song")
        page.goto("/jobs/")

    def _write_lyrics(self, page: Page) -> None:
        """A draft with an edit, and one that was not free."""
        for name, idea in {
            "draft_paid": "Two umbrellas [song fired]",
            "draft": "A long road trip home",
        }.items():
            page.goto("/create/lyrics/")
            page.get_by_label("What is the song about?").fill(idea)
            page.get_by_role("button", name="Write lyrics").click()
            lyrics = page.locator("#id_lyrics")
            expect(lyrics).to_have_value(re.compile(r"\[Verse"), timeout=60_000)
            self._found[name] = "/" + page.url.split("/", 3)[3]
        lyrics.fill(f"{lyrics.input_value()}\n\n[Outro]\nAnd the kettle sings again")
        page.get_by_label("Prompt", exact=True).fill(
            "Indie folk, warm acoustic guitar, 84 bpm, a close voice"
        )
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#editor")).to_have_attribute("data-draft-version", "2")
        page.goto("/jobs/")

    def _upload_files(self, page: Page) -> None:
        self._found["file"] = upload_files(page)

    def _lend(self, page: Page) -> None:
        page.goto("/settings/tokens/")
        page.get_by_role("link", name="Lend to the team…").click()
        page.get_by_label("Credits a month, at most").fill("40")
        page.get_by_label("Stems").uncheck()
        page.get_by_role("button", name="Lend", exact=True).click()
        confirm_password(page)
        stop = page.get_by_role("link", name="Stop lending…")
        self._found["token_lend_stop"] = str(stop.get_attribute("href"))

    def _sweep(self, page: Page) -> None:
        """One that was only looked at, and one whose cap is reached, with a favourite; before the slots are taken."""
        for name, cap in {"sweep_draft": "25", "sweep": "5"}.items():
            page.goto("/create/sweeps/")
            page.get_by_label("Prompt 1").fill("Harbour waltz, accordion, 84 bpm [short]")
            page.get_by_label("Prompt 2").fill("Night train techno, 132 bpm [short]")
            page.get_by_label("Ghostwriter, pro").check()
            page.get_by_label("Own lyrics 1").fill(LYRICS)
            page.get_by_label("Credits at most").fill(cap)
            page.get_by_label("Stop after favourites").fill("3")
            page.get_by_role("button", name="Show combinations").click()
            expect(page.locator(".matrix")).to_be_visible()
            self._found[name] = "/" + page.url.split("/", 3)[3]
        page.locator("[data-pay]").click()
        favourite = page.locator(".cell-take .favourite-button").first
        expect(favourite).to_be_visible(timeout=60_000)
        favourite.click()
        expect(page.locator(".favourite-button.is-mine")).to_be_visible()

    def _find_addresses(self, page: Page) -> None:
        page.goto("/jobs/")
        for state, count in {"completed": 2, "failed": 1, "unknown": 1, "cancelled": 1, "queued": 1}.items():
            others = page.locator(".job-title", has_text=re.compile(r"^\s*(Lyrics: |Send )"))
            jobs = page.locator(f"#work [data-job][data-state={state}]", has_not=others)
            expect(jobs).to_have_count(count, timeout=60_000)
            self._found[state] = str(jobs.first.get_attribute("data-job"))
        running = page.locator("#work [data-job][data-state=running]", has_text="Slow drums")
        self._found["running"] = str(running.get_attribute("data-job"))
        page.goto("/library/")
        self._found["clip"] = str(page.locator("#work .take-open").first.get_attribute("href"))
        self._collect(page)
        page.goto("/settings/tokens/")
        remove = page.get_by_role("link", name=re.compile("Remove"))
        self._found["token_remove"] = str(remove.get_attribute("href"))
        self._found["token_lend"] = self._found["token_remove"].replace("/remove/", "/lend/")
        self._invite(page)
        self._found["link"] = self.visits.site.add_person("guest@nightbus.example", team="Guests", name="Gus")

    def _invite(self, page: Page) -> None:
        """Somebody, into a team with two others in it."""
        for each in (VIEWER, UNPAID):
            self.visits.cookies(each)
        page.goto("/team/")
        remove = str(page.locator("#work .menu-list a[href$='/remove/']").first.get_attribute("href"))
        self._found["member"] = remove.removesuffix("remove/")
        page.get_by_label("Email").fill("otto@nightbus.example")
        page.get_by_role("button", name="Invite", exact=True).click()
        link = page.locator("#invitation-address").inner_text()
        self._found["invitation"] = "/" + link.split("/", 3)[3]

    def _ask_to_lend(self, page: Page) -> None:
        """Mara finds it in the library and on the jobs page."""
        page.goto("/library/files/")
        page.locator("#work summary[title=More]").first.click()
        page.get_by_role("button", name="Ask Mara to lend their token").first.click()
        expect(page.get_by_text("Mara is asked to lend their token")).to_be_visible()

    def _collect(self, page: Page) -> None:
        page.goto(f"{self._found['clip']}collect/")
        page.locator("#work input[name=name]").fill("Harbour EP")
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.locator("#work input[name=name]").press("Enter")
        page.goto("/library/collections/")
        self._found["collection"] = str(page.locator("#work .collection-row").first.get_attribute("href"))
