"""How many wrong passwords an address takes: from one network, and from all others together.

allauth's own limit counts by the address alone, so that a stranger can lock a person out. Here five wrong ones in five
minutes lock an address for the network that they came from and for no other; allauth's ten a minute for a network as
a whole stay. So that somebody with many networks can't go on guessing, thirty wrong ones in an hour, from everywhere,
lock the address as well, but not for a network from which the person has signed in, or used a link from their mail,
within sixty days.
"""

import hashlib
import ipaddress

from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import RateLimitUsage
from django.core.cache import cache
from django.http import HttpRequest

from apps.accounts.models import User

KNOWN_FOR = 60 * 24 * 60 * 60  # seconds


def client_address(address: str) -> str:
    """An IPv4 address that came in IPv6's clothes as itself: else all of them were one network, `::/64`."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return address


def key(request: HttpRequest, address: str) -> str:
    """An e-mail address as it is typed, on one network: an IPv4 address, or the /64 of an IPv6 one."""
    return f"{address.strip().lower()} from {ratelimit.get_ip(request)}"


def take_from_all(request: HttpRequest, address: str) -> RateLimitUsage | None:
    """Counts a try for the address from unknown networks. None: there were too many."""
    if cache.get(_known(request, address)):
        return RateLimitUsage(usage=[])
    return ratelimit.consume(
        request, app="allauth.account", action="login_failed_anywhere", key=address.strip().lower()
    )


def remember(request: HttpRequest, address: str) -> None:
    """Somebody has just signed in with this address from here."""
    cache.set(_known(request, address), 1, KNOWN_FOR)


def remember_person(request: HttpRequest, user: User) -> None:
    """Somebody has just shown otherwise, by a link that was sent to them, that this network is theirs."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    for address in {user.email, *confirmed}:
        remember(request, address)


def _known(request: HttpRequest, address: str) -> str:
    return "signed-in:" + hashlib.sha256(key(request, address).encode()).hexdigest()
