"""Hearts and stars: what each person says of a take, and what the pages show of it."""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.library.models import BEST, Clip, Opinion


@dataclass(frozen=True)
class Said:
    """What was said of a take, as one person sees it."""

    hearts: int
    is_mine: bool  # one of the hearts
    rating: int  # the person's own, 0 for none
    others: int  # how many others gave stars
    average: float  # theirs

    @property
    def stars(self) -> range:
        return range(1, BEST + 1)


def said_of(clip: Clip, user_id: int | None) -> Said:
    """From the prefetched opinions, where a page has them."""
    opinions = list(clip.opinions.all())
    mine = next((each for each in opinions if each.user_id == user_id), None)
    ratings = [each.rating for each in opinions if each.rating and each.user_id != user_id]
    return Said(
        hearts=sum(each.is_favourite for each in opinions),
        is_mine=mine is not None and mine.is_favourite,
        rating=mine.rating if mine else 0,
        others=len(ratings),
        average=sum(ratings) / len(ratings) if ratings else 0.0,
    )


def love(clip: Clip, user: User, on: bool) -> None:
    _say(Opinion(clip=clip, user=user, is_favourite=on), "is_favourite")


def rate(clip: Clip, user: User, rating: int) -> None:
    """0 takes the stars back."""
    if not 0 <= rating <= BEST:
        raise ValueError(f"{rating} stars")
    _say(Opinion(clip=clip, user=user, rating=rating), "rating")


def _say(opinion: Opinion, what: str) -> None:
    """One statement: the same click twice, from two windows, is the same opinion."""
    Opinion.objects.bulk_create(
        [opinion], update_conflicts=True, unique_fields=["clip", "user"], update_fields=[what]
    )
