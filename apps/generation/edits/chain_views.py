"""Pages of an edit chain: choosing the target take, seeing its steps and price, following it, stopping it."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import cap_words, lending
from apps.accounts.cap_words import CapRefusal
from apps.accounts.caps import CapReached
from apps.accounts.models import ApiToken, Membership, Team
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.edits import chains, edit_steps
from apps.generation.edits.edit_steps import Step
from apps.generation.edits.prerequisites import Obstacle, payers_of, prerequisites_for
from apps.generation.jobs.pricing import Balance, Price
from apps.generation.lending_requests import views as lending_requests
from apps.generation.models import Chain
from apps.generation.operations import OPERATIONS
from apps.library.models import Clip
from apps.library.models.clips import ClipQuerySet
from apps.library.search import search_index
from apps.uuids import uuid_or_none

MOST_TARGETS = 24
LONGEST_QUERY = 200


@dataclass(frozen=True)
class ChainQuote:
    """What the page says of the chosen target: what stands in the way, or what it costs and where."""

    problems: list[str]
    obstacle: Obstacle | None = None
    balance: Balance | None = None
    cost: Price | None = None
    short: int = 0
    warning: str = ""
    token: ApiToken | None = None  # that pays for the first step
    over: CapRefusal | None = None

    @property
    def part_cost(self) -> Price | None:
        """Of the first steps, for which there is room under a cap."""
        return self.balance.price * self.over.fits if self.balance and self.over else None

    @property
    def is_open(self) -> bool:
        return not self.problems and self.obstacle is None and not self.short and self.over is None


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(needs="create")
def repeat(request: TeamRequest, clip_id: UUID) -> HttpResponseBase:
    """GET `?target=<take>` shows what it means, `?q=` looks for one; POST starts it."""
    like = get_object_or_404(_takes(request.team), pk=clip_id)
    steps = edit_steps.steps_of(request.team, like)
    if not steps:
        raise Http404("nothing was done to this take")
    asked = request.POST if request.method == "POST" else request.GET
    target = _target(request.team, asked.get("target", ""))
    if target and "ask" in request.POST:
        lending_requests.ask(request, target, steps[0].operation)
        return redirect(f"{request.path}?target={target.pk}")
    chosen = _part(asked.get("part", ""), steps)
    payer = request.POST.get("token", "")
    quote = _quote(request.membership, target, chosen, payer) if target else ChainQuote([])
    status = 200
    if request.method == "POST":
        plan = _plan(request, like, target, chosen)
        if plan:
            try:
                # The second of a double click is led to what the first has started, though credits are held by now.
                if begun := plan.started() or (plan.start() if quote.is_open else None):
                    return redirect("chain", begun.pk)
            except chains.AnotherForm:
                quote = ChainQuote(["This form was sent before, for another take. Nothing more was sent."])
            except CapReached as reached:
                quote = replace(quote, over=cap_words.refusal(reached, reader=request.user))
        status = 422
    query = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST_QUERY]
    context = {
        "clip": like,
        "steps": steps,
        "target": target,
        "quote": quote,
        "nonce": uuid4(),
        "query": query,
        "targets": [] if target else _targets(request.team, like, query),
    }
    return TemplateResponse(request, "generation/chain_start.html", context, status=status)


def _part(text: str, steps: list[Step]) -> list[Step]:
    """The first ones, for which there is room under a cap; all of them if nothing is said."""
    return steps[: int(text)] if text.isdecimal() and 0 < int(text) < len(steps) else steps


def _takes(team: Team) -> ClipQuerySet:
    takes: ClipQuerySet = Clip.objects.for_team(team)
    return takes.select_related("song", "account", "subscription")


def _target(team: Team, text: str) -> Clip | None:
    pk = uuid_or_none(text)
    return _takes(team).live().prefetch_related("files").filter(pk=pk).first() if pk else None


def _targets(team: Team, like: Clip, query: str) -> list[Clip]:
    """The newest takes with these words; of all, while nothing is looked for."""
    takes = _takes(team).live().filter(stem_type="").exclude(pk=like.pk)
    if query:
        takes = takes.filter(search_index.matching(team, query))
    newest = takes.prefetch_related("files").light().order_by("-created_at", "-id")
    return list(newest[:MOST_TARGETS])


def _quote(membership: Membership, target: Clip, steps: list[Step], payer: str) -> ChainQuote:
    """The prerequisites of an edit, for as many of them; and whether they fit the take. `payer`: the id of the token
    that the page named, if it did."""
    prerequisites = prerequisites_for(target, steps[0].operation, membership, chosen=payer)
    misfits = edit_steps.misfits(steps, target.edit_length_s) + _unpaid(membership, target, steps)
    if prerequisites.is_other_token:
        misfits.append(lending.TOKEN_GONE)
    if prerequisites.balance is None:
        return ChainQuote(misfits, prerequisites.obstacle)
    balance, count = prerequisites.balance, len(steps)
    return ChainQuote(
        misfits,
        prerequisites.obstacle,
        balance,
        balance.price * count,
        balance.short(count),
        prerequisites.warning,
        prerequisites.token,
        over=prerequisites.over(songs=count),
    )


def _unpaid(membership: Membership, target: Clip, steps: list[Step]) -> list[str]:
    """Of the steps after the first one: a token that is lent may be lent for some of them alone."""
    later = dict.fromkeys(step.operation for step in steps[1:])
    missing = [each for each in later if not payers_of(target, each, membership)]
    return [f"{OPERATIONS[each].label}: no API token that you can use may pay for this." for each in missing]


def _plan(
    request: TeamRequest, like: Clip, target: Clip | None, steps: list[Step]
) -> chains.ChainPlan | None:
    nonce = uuid_or_none(request.POST.get("nonce", ""))
    if nonce is None or target is None:
        return None
    return chains.ChainPlan(
        team=request.team, by=request.user, made_like=like, target=target, steps=steps, nonce=nonce
    )


@require_safe
@team_view(needs="see")
def chain(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    found = _find(request, pk)
    steps = found.steps.select_related("job__song").prefetch_related("job__song__takes")
    context = {
        "chain": found,
        "steps": [(step, Step(step.operation, step.params)) for step in steps],
        "failed": chains.failed(found),
        "may_decide": request.membership.may_decide(found.asked_by_id),
        "is_own": found.asked_by_id == request.user.pk,
    }
    return TemplateResponse(request, "generation/chain.html", context)


@require_POST
@team_view(needs="create")
def stop(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    found = _find_to_decide(request, pk)
    chains.stop(found, by=request.user)
    return redirect("chain", found.pk)


@require_POST
@team_view(needs="create")
def resume(request: TeamRequest, pk: UUID) -> HttpResponseBase:
    """It spends the token of who started it, so nobody else may."""
    found = _find(request, pk)
    if found.asked_by_id != request.user.pk:
        raise PermissionDenied(
            "It is paid for with the API token of the person who started it, so only they can resume it."
        )
    if chains.resume(found):
        messages.success(request, "Resumed.")  # else its page says why not
    return redirect("chain", found.pk)


def _find(request: TeamRequest, pk: UUID) -> Chain:
    related = ("asked_by", "target__song", "made_like__song")
    return get_object_or_404(Chain.objects.for_team(request.team).select_related(*related), pk=pk)


def _find_to_decide(request: TeamRequest, pk: UUID) -> Chain:
    found = _find(request, pk)
    if not request.membership.may_decide(found.asked_by_id):
        raise PermissionDenied("Only the person who started this, or an admin, can do this.")
    return found
