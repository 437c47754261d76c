"""Asks for addresses as each of the people of sample_team.py, each in a browser of their own that stays signed in."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.template.backends.django import Template
from django.test import Client

from apps.accounts.models import Role, Team, User
from apps.accounts.permissions import CHOSEN_TEAM
from tests.sample_team import House, leave, untouched

# Beside what the session itself needs.
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(?!django_session)')


@dataclass
class Traces:
    """What a request has changed in the database, and whom it was going to wake, until it was undone."""

    found: list[str] = field(default_factory=list)

    def note(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if WRITES.match(sql):
            self.found.append(sql)
        return execute(sql, *rest)


class Visitors:
    """All of the house, signed in once: `ask` begins each time with the cookies of then, and undoes what it did."""

    def __init__(self, house: House, *, working_in: Team | None = None) -> None:
        """`working_in`: in which of their teams all of them are; without it each in their own, and who left is gone."""
        self.house, self._team = house, working_in
        self.client = Client(raise_request_exception=False)
        self._careful = Client(raise_request_exception=False, enforce_csrf_checks=True)
        self._cookies = {who: self._sign_in(who, user) for who, user in house.people.items()}
        if working_in is None:
            leave(house)

    def _sign_in(self, who: str, user: User) -> str:
        client = Client()
        client.force_login(user)
        if self._team or who in {"elsewhere", "removed"}:
            own = user.memberships.filter(role=Role.OWNER).values_list("team", flat=True)
            session = client.session
            session[CHOSEN_TEAM] = str(self._team.pk if self._team else own.first() or self.house.team.pk)
            session.save()
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    def ask(
        self,
        who: str,
        method: str,
        address: str,
        form: dict[str, Any] | None = None,
        *,
        with_csrf_check: bool = False,
        is_rendered: bool = True,
        **headers: str,
    ) -> tuple[HttpResponse, Traces]:
        """`is_rendered`: with its page, which takes longer than all that decides about it."""
        client = self._careful if with_csrf_check else self.client
        client.cookies = SimpleCookie()
        if who in self._cookies:
            client.cookies[settings.SESSION_COOKIE_NAME] = self._cookies[who]
        traces, waiting = Traces(), len(connection.run_on_commit)
        with untouched(), connection.execute_wrapper(traces.note), _pages(is_rendered):
            response = getattr(client, method.lower())(address, form, headers=headers or None)
            response.getvalue()  # a file is closed by being read to its end
            traces.found += ["a task is woken"] * (len(connection.run_on_commit) - waiting)
        return response, traces


@contextmanager
def _pages(are_rendered: bool) -> Iterator[None]:
    if are_rendered:
        yield
    else:
        with patch.object(Template, "render", lambda *_, **__: ""):
            yield


def is_refused(answer: HttpResponse) -> bool:
    return answer.status_code in {401, 403, 404, 405} or leads_to_sign_in(answer)


def leads_to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and bool(re.match(r"/auth/login/(\?|$)", answer.headers["Location"]))


def check_headers(name: str, who: str, answer: HttpResponse) -> None:
    """No cache between us and the person may keep a page. An anonymous person is sent to sign in and nowhere else,
    except where the page is about signing in itself, or the person comes with the secret of a link."""
    caching = answer.headers.get("Cache-Control", "")
    assert "public" not in caching, who
    assert "s-maxage" not in caching, who
    if answer.status_code == 200 and name not in {"healthz", "readyz"}:
        private = "private" in caching or "no-store" in caching or "Cookie" in answer.headers.get("Vary", "")
        assert private, who
    if who == "anonymous" and answer.status_code == 302 and name != "account_logout":
        assert leads_to_sign_in(answer), answer.headers["Location"]
