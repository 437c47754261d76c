"""Reference files on the pages of jobs."""

from django import template

from apps.generation.models import Job
from apps.generation.references import fields
from apps.library.models import ReferenceFile

register = template.Library()


@register.simple_tag
def references_of(job: Job) -> list[ReferenceFile]:
    """Those that a song was asked for with, as far as they are still here."""
    assets = fields.assets_of(job.params)
    return list(fields.files_of(job.team, assets).values()) if assets else []
