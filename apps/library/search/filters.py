"""What the library is narrowed down to, all of it in the address: parsed, told in words, and as conditions on rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.library.models import CollectionItem, Rating, Song, Tag
from apps.library.models.clips import INSTRUMENTAL
from apps.library.search import filter_options, search_index
from apps.library.search.filter_options import TITLES, Pairs

LONGEST_QUERY = 200
MOST_CHOICES = 200  # in a menu; a tag beyond them is chosen where it stands


@dataclass(frozen=True)
class FilterOption:
    words: str
    address: str


@dataclass(frozen=True)
class Menu:
    """A filter that isn't chosen yet, with what can be chosen."""

    name: str
    title: str
    choices: list[FilterOption]


@dataclass(frozen=True)
class Filters:
    """`values` holds what is chosen and known, by its name in the address, as "" or a value; `wrong` says in words what
    was left out. `pairs` are the choices of this team."""

    team: Team
    user: User
    values: dict[str, str]
    pairs: dict[str, Pairs]
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, team: Team, user: User, asked: QueryDict) -> "Filters":
        filters = cls(team, user, {}, filter_options.of_team(team))
        for name, known in filters.pairs.items():
            filters._take(name, asked.get(name, ""), known)
        for name in ("from", "to"):
            filters._take_day(name, asked.get(name, ""))
        if "from" in filters.values and "to" in filters.values and filters.first > filters.last:
            del filters.values["from"], filters.values["to"]
            filters.wrong.append("The first day comes after the last one, so both were left out.")
        filters._take_rest(asked)
        return filters

    @property
    def query(self) -> str:
        return self.values.get("q", "")

    @property
    def oldest_first(self) -> bool:
        return self.values.get("sort") == "oldest"

    @property
    def other_order(self) -> str:
        """The address of the same in the other order."""
        return self.address(sort="" if self.oldest_first else "oldest")

    @property
    def are_set(self) -> bool:
        """Whether anything is searched for or filtered; the order is neither."""
        return bool(self.values.keys() - {"sort"})

    @property
    def first(self) -> date:
        return date.fromisoformat(self.values["from"])

    @property
    def last(self) -> date:
        return date.fromisoformat(self.values["to"])

    # As conditions.

    @cached_property
    def of_songs(self) -> Q:
        kind = self.values.get("kind")
        # Stems are no songs of their own: a line under the take that was split, and rows only where they are asked for.
        condition = Q(operation=kind) if kind else ~Q(operation=Song.STEMS)
        if who := self.values.get("by"):
            condition &= Q(asked_by=who)
        if since := self.values.get("since"):
            condition &= Q(created_at__gte=_midnight(_since(since)))
        if "from" in self.values:
            condition &= Q(created_at__gte=_midnight(self.first))
        if "to" in self.values:
            condition &= Q(created_at__lt=_midnight(self.last + timedelta(days=1)))
        return condition

    @cached_property
    def of_takes(self) -> Q:
        return self._of_rest & (self._asked.condition if self._asked else Q())

    @property
    def ranks(self) -> list[tuple[int, search_index.Found]]:
        """Of a search: by where the words stand, the best first. None where the order is another."""
        return self._asked.ranks if self._asked and not self.oldest_first else []

    def in_rank(self, found: search_index.Found) -> Q:
        """As `of_takes`, with no more than the search has found in one of its ranks."""
        return self._of_rest & found.condition

    @cached_property
    def _of_rest(self) -> Q:
        condition = self._unsung.condition if self._unsung else Q()
        for name, condition_of in _TAKES.items():
            if name in self.values:
                condition &= condition_of(self, self.values[name])
        return condition

    @property
    def few_takes(self) -> bool:
        """Whether an index leads from what is looked for to the takes that have it."""
        few = any(found.few for found in (self._asked, self._unsung) if found)
        return few or bool(self.values.keys() & {"tag", "collection", "rating", "favourite", "length"})

    @cached_property
    def _asked(self) -> search_index.Found | None:
        """What the full-text index says."""
        return search_index.find(self.team, self.query) if self.query else None

    @cached_property
    def _unsung(self) -> search_index.Found | None:
        asked = self.values.get("instrumental") == "1"
        return search_index.find_instrumentals(self.team) if asked else None

    # As words and addresses.

    def address(self, **changes: str) -> str:
        """Of the first page with these filters; a change to "" leaves one out."""
        values = {name: value for name, value in (self.values | changes).items() if value}
        return reverse("library") + (f"?{urlencode(values)}" if values else "")

    def after(self, place: object) -> str:
        """The address of the page that starts at the place."""
        return self.address(**{"after" if self.oldest_first else "before": str(place or "")})

    @property
    def without(self) -> str:
        """The address without any filter, in the same order."""
        return replace(
            self, values={name: self.values[name] for name in self.values.keys() & {"sort"}}
        ).address()

    @property
    def hidden(self) -> dict[str, str]:
        """What a form for the words and the order carries along."""
        return {name: value for name, value in self.values.items() if name not in {"q", "sort"}}

    @property
    def beside_days(self) -> dict[str, str]:
        """What a form for the first and the last day carries along."""
        return {name: value for name, value in self.values.items() if name not in {"from", "to", "since"}}

    def chips(self) -> Iterator[FilterOption]:
        """What is chosen, each with the address without it."""
        for name, known in self.pairs.items():
            if name in self.values:
                words = known[self.values[name]]
                yield FilterOption(f"By {words}" if name == "by" else words, self.address(**{name: ""}))
        if "from" in self.values:
            yield FilterOption(f"From {_day(self.first)}", self.address(**{"from": ""}))
        if "to" in self.values:
            yield FilterOption(f"Until {_day(self.last)}", self.address(to=""))

    def menus(self) -> Iterator[Menu]:
        """What can be chosen besides. A menu of one person or one provider would say nothing."""
        for name, known in self.pairs.items():
            least = 1 if name in {"tag", "collection"} else 2
            if name in self.values or len(known) < least:
                continue
            first = islice(known.items(), MOST_CHOICES)
            yield Menu(
                name,
                TITLES[name],
                [FilterOption(words, self.address(**{name: value})) for value, words in first],
            )

    # As parsed.

    def _take(self, name: str, value: str, known: Pairs) -> None:
        if value in known:
            self.values[name] = value
        elif value:
            self.wrong.append(f"{TITLES[name]}: “{value[:40]}” is not known here, so it was left out.")

    def _take_day(self, name: str, value: str) -> None:
        try:
            if value:
                day = date.fromisoformat(value)
                _midnight(day + timedelta(days=1))
                self.values[name] = day.isoformat()
        except (ValueError, OverflowError):
            self.wrong.append(
                f"“{value[:40]}” is not a day, so it was left out. Days are written as 2026-11-30."
            )

    def _take_rest(self, asked: QueryDict) -> None:
        if query := " ".join(asked.get("q", "").replace("\0", " ").split())[:LONGEST_QUERY]:
            self.values["q"] = query
        if asked.get("sort") == "oldest":
            self.values["sort"] = "oldest"


def _length(_: Filters, value: str) -> Q:
    least, _dash, most = value.partition("-")
    return Q(duration_s__gte=int(least)) & (Q(duration_s__lt=int(most)) if most else Q())


def _voice(_: Filters, value: str) -> Q:
    """Instrumentals are found by the index of words."""
    not_asked_for = Q(song__params__instrumental=False) | Q(song__params__instrumental__isnull=True)
    return Q() if value == "1" else ~Q(lyrics=INSTRUMENTAL) & not_asked_for


def _favourites(filters: Filters, value: str) -> Q:
    favourites = Rating.objects.filter(is_favourite=True)
    if value == "mine":
        favourites = favourites.filter(user=filters.user)
    return Q(pk__in=favourites.values("clip"))


# By name in the address: the condition on takes. Lists of ids rather than joins: a take is found once, and either
# database can begin with the list where it is short.
_TAKES: dict[str, Callable[[Filters, str], Q]] = {
    "instrumental": _voice,
    "length": _length,
    "favourite": _favourites,
    "rating": lambda _, value: Q(pk__in=Rating.objects.filter(rating__gte=int(value)).values("clip")),
    "tag": lambda filters, value: Q(
        pk__in=Tag.objects.for_team(filters.team).filter(key=value).values("clips")
    ),
    "collection": lambda _, value: Q(
        pk__in=CollectionItem.objects.filter(collection=UUID(value)).values("clip")
    ),
    "provider": lambda _, value: Q(subscription__provider=value),
}


def _since(value: str) -> date:
    today = timezone.localdate()
    match value:
        case "today":
            return today
        case "week":
            return today - timedelta(days=6)
        case "month":
            return today.replace(day=1)
    return today.replace(month=1, day=1)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _day(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"
