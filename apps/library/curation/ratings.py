"""Favourites and ratings: what each person says of a take, and what the pages show of it."""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.library.models import BEST, Clip, Rating


@dataclass(frozen=True)
class Summary:
    """What was said of a take, as one person sees it."""

    favourites: int  # of how many people it is one
    is_mine: bool  # one of this person's
    rating: int  # the person's own, 0 for none
    others: int  # how many others rated it
    average: float  # theirs

    @property
    def chosen_by(self) -> str:
        """What follows the name of its favourite's button."""
        return f", chosen by {self.favourites}" if self.favourites else ""

    @property
    def stars(self) -> range:
        return range(1, BEST + 1)


NOTHING_SAID = Summary(favourites=0, is_mine=False, rating=0, others=0, average=0.0)


def summary_of(clip: Clip, user_id: int | None) -> Summary:
    """From the prefetched ratings, where a page has them."""
    given = list(clip.ratings.all())
    if not given:
        return NOTHING_SAID
    mine = next((each for each in given if each.user_id == user_id), None)
    others = [each.rating for each in given if each.rating and each.user_id != user_id]
    return Summary(
        favourites=sum(each.is_favourite for each in given),
        is_mine=mine is not None and mine.is_favourite,
        rating=mine.rating if mine else 0,
        others=len(others),
        average=sum(others) / len(others) if others else 0.0,
    )


def mark_favourite(clip: Clip, user: User, on: bool) -> None:
    _save(Rating(clip=clip, user=user, is_favourite=on), "is_favourite")


def rate(clip: Clip, user: User, rating: int) -> None:
    """0 removes the rating."""
    if not 0 <= rating <= BEST:
        raise ValueError(f"{rating} stars")
    _save(Rating(clip=clip, user=user, rating=rating), "rating")


def _save(rating: Rating, column: str) -> None:
    """One statement: the same click twice, from two windows, is the same rating."""
    Rating.objects.bulk_create(
        [rating], update_conflicts=True, unique_fields=["clip", "user"], update_fields=[column]
    )
