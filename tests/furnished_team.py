"""The team of sample_team.py with something in every state, so that its pages show every button that there is."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Handover, Lending, Membership, Role, Team, User
from apps.accounts.models.lending import OPERATIONS
from apps.generation.models import Chain, Hold, Job, Sweep
from apps.library.models import Clip, ClipFile, LyricDraft, LyricVersion, ReferenceFile, Song, Tag
from tests.sample_team import House

SENT = ("submitting", "running", "failed", "rejected", "unknown", "cancelled", "abandoned", "completed")
LAST4 = "Q7zK"  # of the owner's token, which is lent to nobody


def furnish(house: House) -> dict[str, str]:
    """Gives what the addresses beside the table of URLs are filled with."""
    ApiToken.objects.filter(pk=house.token).update(last4=LAST4)
    for who in ("owner", "member"):
        _jobs(house, house.people[who])
    other = _another_take(house)
    _drafts(house)
    _people(house)
    failed = Job.objects.filter(team=house.team, state="failed").latest("created_at")
    return {
        "job": str(failed.pk),
        "file": str(house.file),
        "clip": str(house.clip.pk),
        "other": str(other.pk),
    }


def _jobs(house: House, asked_by: User) -> None:
    """Each state; what an admin paused, removed and cancelled; what waits for an account, and for a payer."""
    now, account = timezone.now(), FlowAccount.objects.get(email=house.account)
    token = ApiToken.objects.get(team=house.team, owner=asked_by)
    common: dict[str, Any] = {"team": house.team, "asked_by": asked_by, "subscription": account.subscription}
    common |= {"params": {"prompt": "slow disco"}, "token": token, "decided_by": house.people["admin"]}
    for state in SENT:
        Job.objects.create(
            **common, state=state, sent_at=now, unknown_since=now, finished_at=now, error_text="No."
        )
    Job.objects.create(**common, state="unknown", sent_at=now, unknown_since=now - timedelta(hours=1))
    Job.objects.create(**common, state="cancelled", finished_at=now, cancel_requested_at=now)
    Job.objects.create(**common, paused=True)
    night, _ = FlowAccount.objects.get_or_create(
        subscription=account.subscription,
        email="night@sandbox.example",
        defaults={"block": FlowAccount.Block.ERROR},
    )
    Job.objects.create(**common, account=night, account_is_fixed=True)
    Job.objects.create(**common | {"token": None})
    batch = uuid.uuid4()
    for index in range(3):
        Job.objects.create(**common, nonce=batch, batch_index=index, batch_size=3)


def _another_take(house: House) -> Clip:
    """Of a song of its own, a cover of the first; and one in the trash."""
    account, made, now = FlowAccount.objects.get(email=house.account), [], timezone.now()
    whose = {"team": house.team, "asked_by": house.people["owner"]}
    for name in ("cover", "deleted"):
        song = Song.objects.create(**whose, operation="cover", source=house.clip, prompt=name, created_at=now)
        on = {"team": house.team, "subscription": account.subscription, "account": account}
        made.append(Clip.objects.create(**on, song=song, clip_id=f"user:1000-{account.email}-clip:{name}"))
        for kind in ("m4a", "cover"):
            ClipFile.objects.create(clip=made[-1], kind=kind, state="wanted", next_try_at=now)
    Clip.objects.filter(pk=made[1].pk).update(deleted_at=now, deleted_by=house.people["owner"])
    house.clip.tags.add(Tag.objects.create(team=house.team, name="demo", key="demo"))
    return made[0]


def _drafts(house: House) -> None:
    draft = LyricDraft.objects.get(pk=house.lyric_draft)
    for number in (1, 2):
        words = {"title": "Home", "lyrics": f"[Verse]\nHome {number}", "sound_prompt": "folk"}
        LyricVersion.objects.create(draft=draft, number=number, origin="own", **words)
    same = {
        "team": house.team,
        "token": house.sweep.token,
        "subscription": house.sweep.subscription,
        "cap": 20,
    }
    for who in ("owner", "member"):
        for phase in Sweep.Phase:
            Sweep.objects.create(**same, made_by=house.people[who], inputs=house.sweep.inputs, phase=phase)
        for status in Chain.Status:
            asked = {"asked_by": house.people[who], "status": status, "target": house.clip}
            Chain.objects.create(team=house.team, nonce=uuid.uuid4(), **asked)
    ReferenceFile.objects.create(
        team=house.team,
        subscription=house.sweep.subscription,
        kind="image",
        name="b.png",
        deleted_at=timezone.now(),
    )


def _people(house: House) -> None:
    """The member's token is lent to everybody; an admin is asked to own the team, too."""
    lent = ApiToken.objects.get(team=house.team, owner=house.people["member"])
    Lending.objects.create(token=lent, monthly_cap=50, operations=Lending.joined(OPERATIONS))
    here = Membership.objects.filter(team=house.team)
    giver, receiver = (here.get(user=house.people[who]) for who in ("owner", "admin"))
    Handover.objects.create(team=house.team, giver=giver, receiver=receiver)


def new_team(house: House) -> Team:
    """With the same people in the same roles, nothing in it, and held since a backup was restored."""
    team = Team.objects.create(name="New")
    for role in Role:
        Membership.objects.create(team=team, user=house.people[role], role=role)
    Hold.objects.create(team=team, since=timezone.now())
    return team
