"""Says why a take can't be edited, before anyone tries (post-flowmusic-music-edit)."""

from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Subscription
from apps.library.models import Clip, ReferenceFile
from apps.library.models.references import either_id
from apps.prepared import prepared

IN_TRASH = "This take is in the trash. Restore it first."
UPLOADED = "This is uploaded audio. Flow Music edits only what was made there."
ELSEWHERE = "This take was not made with Flow Music, so it can’t be edited there."
NO_ACCOUNT = (
    "An edit uses the Flow Music account of its take, and no API token reaches that account any more: "
    "whoever has it can add its token again."
)


def why_not(clip: Clip) -> str:
    """In plain words; "" when nothing is known that stands in the way."""
    if clip.deleted_at:
        return IN_TRASH
    if clip.subscription.provider != Subscription.Provider.FLOWMUSIC:
        return ELSEWHERE
    if clip.uneditable:
        return clip.uneditable
    if clip.account is None:
        return NO_ACCOUNT
    return UPLOADED if _is_upload(clip) else ""


def _is_upload(clip: Clip) -> bool:
    """Audio that was uploaded is among the account's clips, too."""
    return bool(_uploads(clip.team_id, clip.subscription_id, *either_id([clip.clip_id])))


@prepared
def _uploads(team_id: UUID, subscription_id: int, *clip_ids: str) -> QuerySet[ReferenceFile, UUID]:
    files = ReferenceFile.objects.filter(team=team_id, subscription=subscription_id, clip_id__in=clip_ids)
    return files.values_list("pk", flat=True)[:1]
