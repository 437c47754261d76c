from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.house import House
from tests.browser.tour import Tour
from tests.browser.visits import FLAGS, PATIENCE_MS, Visits
from tests.run import chromium

LOG_TAIL = 60


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The product, started as `make run` starts it."""
    house = House(tmp_path_factory.mktemp("house"))
    house.start()
    yield house
    house.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def _visits(house: House, browser: Browser) -> Visits:
    return Visits(house, browser)


@pytest.fixture
def visits(_visits: Visits) -> Iterator[Visits]:
    """Fails the test on any console error, refused content, failed request or request to another site."""
    yield _visits
    trouble = _visits.leave_all()
    assert trouble == []


@pytest.fixture
def free_slots(house: House) -> Iterator[None]:
    """The next test finds every slot of both accounts free."""
    yield
    house.clear()


@pytest.fixture(scope="session")
def tour(_visits: Visits) -> Tour:
    tour = Tour(_visits)
    tour.prepare()
    return tour


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tour comes last: its songs stay in the line and take slots until the end."""
    items.sort(key=lambda item: "tour" in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failed test leaves a picture of every open page and the last lines of the log."""
    report = yield
    visits = getattr(item, "funcargs", {}).get("visits")
    if report.when == "call" and report.failed and visits:
        report.sections.append(("pictures", "\n".join(map(str, _pictures(item, visits)))))
        report.sections.append(("log of the house", "\n".join(visits.house.said.splitlines()[-LOG_TAIL:])))
    return report


def _pictures(item: pytest.Item, visits: Visits) -> list[Path]:
    folder = item.config.cache.mkdir("browser")
    name = item.name.translate(str.maketrans("/[], ", "-----"))
    still_open = [visit for visit in visits.open if not visit.page.is_closed()]
    paths = [folder / f"{name}-{number}.png" for number in range(len(still_open))]
    for path, visit in zip(paths, still_open, strict=True):
        visit.page.screenshot(path=path)
    return paths
