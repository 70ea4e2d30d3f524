"""What an error of AWS's means for a value that is only read: it is not known now, and who could change that."""

from collections.abc import Mapping
from typing import Final

from controller.errors import TrueupError
from controller.model.images import Unreachable

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "UnauthorizedOperation"})
_THROTTLED: Final = frozenset(
    {"RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException"}
)


def code_of(error: BaseException) -> str:
    """Give the code of an answer of AWS's; empty if the error is none."""
    response = getattr(error, "response", None)
    told = response.get("Error") if isinstance(response, Mapping) else None
    return str(told.get("Code", "")).rsplit("#", 1)[-1] if isinstance(told, Mapping) else ""


def is_about_all(error: BaseException) -> bool:
    """Whether it would have been the same whatever was asked for: no answer of AWS's, or a throttled one."""
    return code_of(error) in {"", *_THROTTLED}


def unreachable(error: BaseException, what: str, permission: str) -> Unreachable:
    """Say why something cannot be read now; `permission` is what reading it takes."""
    if isinstance(error, TrueupError):
        return Unreachable(why=f"{what} could not be read: {error}")
    code = code_of(error)
    if code in _DENIED:
        return Unreachable(why=f"{what} may not be read; that takes {permission}: {error}")
    if code in _THROTTLED:
        return Unreachable(why=f"{what} could not be read now, AWS throttles us: {error}")
    return Unreachable(why=f"{what} could not be read: {str(error) or type(error).__name__}")
