"""Signing in by OpenID Connect, where the operator names who vouches: all three variables, or none of them.

Only people who are here already come in by it: by an address that the other side says it has confirmed.
"""

from typing import Any
from urllib.parse import urlsplit

from flowweb import env, hosting
from flowweb.env import SettingError

PROVIDER = "sso"  # in addresses: /auth/openid/sso/login/
VARIABLES = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")


def issuer() -> str:
    """The address of who vouches, "" for nobody."""
    missing = [name for name in VARIABLES if not env.text(name, "")]
    if 0 < len(missing) < len(VARIABLES):
        raise SettingError(
            f"{missing[0]} is not set: signing in by OpenID Connect needs {' and '.join(VARIABLES)}."
        )
    address = env.url("OIDC_ISSUER", "")
    if address.startswith("http://") and not (hosting.LOCAL or env.flag("INSECURE_HTTP")):
        raise SettingError(
            "OIDC_ISSUER must start with https://: whoever reads along could sign in as anybody."
        )
    return address


def name(address: str) -> str:
    """What the button on the sign-in page calls them: their host."""
    return urlsplit(address).hostname or ""


def providers(address: str) -> dict[str, Any]:
    if not address:
        return {}
    app = {
        "provider_id": PROVIDER,
        "name": name(address),
        "client_id": env.text("OIDC_CLIENT_ID"),
        "secret": env.text("OIDC_CLIENT_SECRET"),
        "settings": {"server_url": address, "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
