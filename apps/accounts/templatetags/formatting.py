"""Built in to every template (settings.TEMPLATES): times, figures and addresses as the pages write them."""

from datetime import UTC, date, datetime, timedelta

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts import browsers

register = template.Library()


@register.filter
def clock(seconds: float | str | None) -> str:
    """Seconds as 1:12 (1:02:03 from an hour on); "" when not known."""
    if seconds is None or seconds == "":
        return ""
    minutes, rest = divmod(max(0, round(float(seconds))), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def tenths(seconds: float | None) -> str:
    """A place in a song as 0:48.2, never past it; "" when not known."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(max(0, seconds) * 10 + 1e-6), 600)
    return f"{minutes}:{rest // 10:02}.{rest % 10}"


@register.filter
def figure(credits: float) -> str:
    """12,345 or 2.5."""
    return f"{credits:,.0f}" if credits == int(credits) else f"{credits:,.1f}"


@register.filter
def day_and_month(day: date) -> str:
    """13 November; with the year when it is another one."""
    year = "" if day.year == timezone.now().date().year else f" {day.year}"
    return f"{day.day} {day:%B}{year}"


@register.filter
def short_email(address: str | None) -> str:
    """`studio@` of studio@nightbus.example; the full address belongs in a title."""
    name, at, _ = (address or "").partition("@")
    return name + at


@register.filter
def when(moment: datetime | None) -> str:
    """14:02 today, yesterday, Tue in the last week, else 3 Nov (3 Nov 2025 in another year); "" when not known.

    Like all times here a <time> in the reader's zone, with the whole of it in its title.
    """
    if not moment:
        return ""
    local, today = local_time(moment), timezone.localdate()
    if local.date() == today:
        return _time(moment, f"{local:%H:%M}")
    if local.date() == today - timedelta(days=1):
        return _time(moment, "yesterday")
    if today - timedelta(days=7) < local.date() < today:
        return _time(moment, f"{local:%a}")
    year = "" if local.year == today.year else f" {local.year}"
    return _time(moment, f"{local.day} {local:%b}{year}")


@register.filter
def time_of_day(moment: datetime | None, precision: str = "minutes") -> str:
    """14:02, or 14:02:07 with `seconds`; "" when not known."""
    if not moment:
        return ""
    local = local_time(moment)
    return _time(moment, f"{local:%H:%M:%S}" if precision == "seconds" else f"{local:%H:%M}")


@register.filter
def date_and_time(moment: datetime | None) -> str:
    """3 Nov 2026, 14:02; "" when not known."""
    return _time(moment, _date_and_time(local_time(moment))) if moment else ""


@register.filter
def utc(moment: datetime | None) -> str:
    """3 Nov 2026, 14:02:07 UTC, for whoever helps from elsewhere; "" when not known."""
    if not moment:
        return ""
    there = moment.astimezone(UTC)
    return _time(moment, f"{_date_and_time(there)}:{there:%S} UTC")


def local_time(moment: datetime) -> datetime:
    """In the reader's zone; a row that is odd may hold a time that not every zone has."""
    try:
        return timezone.localtime(moment)
    except OverflowError:
        return moment


def _time(moment: datetime, words: str) -> SafeString:
    local = local_time(moment)
    title = f"{_date_and_time(local)} {local:%Z}"
    machine = local.isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', machine, title, words)


def _date_and_time(local: datetime) -> str:
    return f"{local.day} {local:%b %Y, %H:%M}"


@register.filter
def control(field: BoundField, size: str = "") -> SafeString:
    """A form field's input in the house's look; Django adds aria-invalid and aria-describedby by itself."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        name = "form-check-input"
    else:
        name = "form-select" if isinstance(widget, forms.Select) else "form-control"
    attributes: dict[str, str | bool] = {"class": f"{name} {name}-{size}" if size else name}
    if getattr(widget, "input_type", "text") in {"text", "select"}:
        attributes["dir"] = "auto"
    # Said once, above the field, is enough.
    if str(field.label).casefold() in str(widget.attrs.get("placeholder", "")).casefold():
        attributes["placeholder"] = False
    return field.as_widget(attrs=attributes)


@register.filter
def sentence(label: str) -> str:
    """New password for New Password; API token stays."""
    first, *rest = str(label).split(" ")
    return " ".join([first, *(word.lower() if word.istitle() else word for word in rest)])


@register.filter
def initials(name: str | None) -> str:
    """NB of Night Bus, FL of Flow: two letters for the little circle beside a name."""
    words = (name or "").split()
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else "".join(words)[:2]
    return letters.upper()


@register.filter
def breakable(email: str) -> SafeString:
    """In large type: what doesn't fit goes on in the next line from its @ on, not in the middle of a name."""
    name, at, host = email.partition("@")
    return format_html("{}<wbr>{}{}", name, at, host)


@register.filter
def browser(user_agent: str) -> str:
    """Firefox on Linux, of what a browser calls itself."""
    return browsers.short(user_agent)
