"""URLs that a spec may name: what is wrong with one, and how one is shown."""

import ipaddress
import re
from typing import Final

LONGEST: Final = 2048
URL: Final = r"https?://[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]-]+"
"""The pattern for editors; `explain_url` is stricter."""
_PARTS: Final = re.compile(
    r"(?P<scheme>https?)://(?P<user>[^/?#]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?P<query>\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_PORTS: Final = 65535


def explain_url(text: str) -> str:
    """Say what is wrong with a URL of http or https, without repeating it; empty if nothing is."""
    found = _PARTS.fullmatch(text)
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if "#" in text:
        return "has a part after #, which is never sent"
    if found is None:
        return "is not a URL of http or https, such as https://api.example.com/health"
    if found["user"]:
        return "holds a user name or a password; whoever can read the spec can read them"
    if found["port"] and not 0 < int(found["port"]) <= _PORTS:
        return f"has a port that is not between 1 and {_PORTS}"
    return _explain_host(found["host"])


def explain_server(text: str) -> str:
    """Say what is wrong with the URL of a server, which further words are put behind; empty if nothing is."""
    return explain_url(text) or ("has a part after ?; write the URL of the server alone" if "?" in text else "")


def shown_url(text: str) -> str:
    """Give a URL without what follows its path: a query may hold what is not everybody's business."""
    return text.partition("?")[0]


def _explain_host(host: str) -> str:
    """Refuse what a look at the name can tell already; whoever connects looks at where it leads."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "has a host that is neither a name nor an address" if host.startswith("[") else ""
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return "is at an address that is never asked: machines are given credentials there, or it is nobody's"
    return ""
