"""`collectstatic` as Django has it, which does nothing when nothing has changed: each start of `web` calls it."""

from typing import Any

from django.contrib.staticfiles.management.commands import collectstatic

from flowweb import static_files


class Command(collectstatic.Command):
    def handle(self, **options: Any) -> str | None:
        is_whole = options["post_process"] and not (
            options["dry_run"] or options["link"] or options["ignore_patterns"]
        )
        if not is_whole:
            return super().handle(**options)
        if not options["clear"] and static_files.are_collected():
            return None
        static_files.forget()
        said = super().handle(**options)
        static_files.note_collected()
        return said
