"""What an answer of AWS that is not the wanted one means: who must act, and whether anything may have happened."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from controller.errors import TrueupError


class Cause(StrEnum):
    """Why AWS did not do it, by who must act."""

    DENIED = "denied"
    THROTTLED = "throttled"
    QUOTA = "quota"
    CAPACITY = "capacity"
    CONTENT = "content"
    INACTIVE = "inactive"
    GONE = "gone"
    TAKEN = "there already"
    NO_CLUSTER = "no cluster"
    NO_API = "no such operation"
    PLATFORM = "platform"


class Declined(TrueupError):
    """AWS did not answer with what was wanted; `lost` says that it may have done it all the same."""

    def __init__(self, cause: Cause, why: str, *, code: str = "", lost: bool = False) -> None:
        super().__init__(why)
        self.cause = cause
        self.code = code
        self.lost = lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An error of AWS's, or on the way to it, and what it means; `unsent` if no request can have left us."""

    cause: Cause
    code: str
    message: str
    unsent: bool = False


_CODES: Final = MappingProxyType({
    **dict.fromkeys((
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure", "BlockedException",
        "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidClientTokenId",
        "InvalidSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
        "NotAuthorized", "OptInRequired", "RegionDisabledException", "RequestExpired", "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ), Cause.DENIED),
    **dict.fromkeys((
        "BandwidthLimitExceeded", "EC2ThrottledException", "RequestLimitExceeded", "RequestThrottled",
        "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling", "ThrottlingException",
        "TooManyRequestsException", "UpdateInProgressException",
    ), Cause.THROTTLED),
    **dict.fromkeys((
        "LimitExceeded", "LimitExceededException", "ServiceQuotaExceededException", "SnapshotQuotaExceeded",
    ), Cause.QUOTA),
    **dict.fromkeys(("CapacityUnavailable", "InsufficientCapacity"), Cause.CAPACITY),
    **dict.fromkeys((
        "ClientException", "InvalidParameter", "InvalidParameterException", "InvalidParameterValue",
        "NamespaceNotFoundException", "PlatformTaskDefinitionIncompatibilityException", "PlatformUnknownException",
        "SerializationException", "UnsupportedFeatureException", "ValidationError", "ValidationException",
    ), Cause.CONTENT),
    **dict.fromkeys((
        "DBClusterNotFoundFault", "DBClusterSnapshotNotFoundFault", "DBInstanceNotFound", "DBSnapshotNotFound",
        "ServiceDeploymentNotFoundException", "ServiceNotActiveException", "ServiceNotFoundException",
    ), Cause.GONE),
    **dict.fromkeys(("DBClusterSnapshotAlreadyExistsFault", "DBSnapshotAlreadyExists"), Cause.TAKEN),
    "ClusterNotFoundException": Cause.NO_CLUSTER,
    **dict.fromkeys((
        "InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException", "404", "405", "501",
    ), Cause.NO_API),
})  # fmt: skip

# ClientException says nearly everything in its text; these texts mean something else than "the content is wrong".
_TEXTS: Final = (
    ("too many concurrent attempts to create a new revision", Cause.THROTTLED),
    ("rate exceeded", Cause.THROTTLED),
    ("is not authorized to perform", Cause.DENIED),
    ("unable to assume the service linked role", Cause.DENIED),
    ("capacity is unavailable", Cause.CAPACITY),
    ("taskdefinition is inactive", Cause.INACTIVE),
    ("task definition is inactive", Cause.INACTIVE),
    ("limit exceeded", Cause.QUOTA),
    ("reached the limit", Cause.QUOTA),
    ("no container instances were found", Cause.CAPACITY),
    ("creation of service was not idempotent", Cause.TAKEN),
    ("is still draining", Cause.PLATFORM),
)

_SENTENCES: Final = MappingProxyType({
    Cause.DENIED: "AWS does not allow {operation}: {message}",
    Cause.THROTTLED: "AWS throttles {operation}: {message}",
    Cause.QUOTA: "a quota of the account is used up: {operation}: {message}",
    Cause.CAPACITY: "AWS has no capacity: {operation}: {message}",
    Cause.CONTENT: "AWS refuses {operation}: {message}",
    Cause.INACTIVE: "AWS refuses {operation}: {message}",
    Cause.GONE: "{operation}: {message}",
    Cause.TAKEN: "{operation}: somebody made it meanwhile: {message}",
    Cause.NO_CLUSTER: "{operation}: {message}",
    Cause.NO_API: "{operation} is not offered here: {message}",
    Cause.PLATFORM: "AWS did not answer {operation} as it should: {message}",
})  # fmt: skip

_SERVER_ERRORS: Final = 500
_TOO_MANY: Final = 429


def judge(error: BaseException) -> Judged:
    """Say what an exception of the SDK's means."""
    from botocore import exceptions as sdk  # noqa: PLC0415 - AWS's library is loaded only where it is used

    never_left = (sdk.ConnectTimeoutError, sdk.EndpointConnectionError, sdk.ProxyConnectionError, sdk.SSLError)
    no_identity = (
        sdk.NoCredentialsError, sdk.PartialCredentialsError, sdk.CredentialRetrievalError, sdk.TokenRetrievalError,
        sdk.ProfileNotFound, sdk.SSOError, sdk.LoginError,
    )  # fmt: skip
    name = type(error).__name__
    if isinstance(error, sdk.ClientError):
        return _judge_answer(error)
    if isinstance(error, no_identity):
        return Judged(cause=Cause.DENIED, code=name, message=str(error), unsent=True)
    if isinstance(error, sdk.ParamValidationError):
        return Judged(cause=Cause.CONTENT, code=name, message=str(error), unsent=True)
    return Judged(cause=Cause.PLATFORM, code=name, message=str(error), unsent=isinstance(error, never_left))


def _judge_answer(error: BaseException) -> Judged:
    response = getattr(error, "response", {})
    told = response.get("Error", {})
    code, message = str(told.get("Code", "")), str(told.get("Message", "") or error)
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return Judged(cause=cause_of(code, message, status), code=code, message=f"{code}: {message}")


def cause_of(code: str, message: str, status: int) -> Cause:
    """Sort an error answer; one that nobody knows is not the content's fault."""
    short = code.rsplit("#", 1)[-1]
    known = _CODES.get(short)
    if status == _TOO_MANY:
        return Cause.THROTTLED
    if known is Cause.CONTENT:
        lower = message.lower()
        return next((cause for text, cause in _TEXTS if text in lower), known)
    if known is None and status >= _SERVER_ERRORS and not short.isidentifier():
        # No code at all, as an emulator's HTML page has none: the operation is not there.
        return Cause.NO_API if short in {"", str(status)} and "html" in message.lower() else Cause.PLATFORM
    return known or Cause.PLATFORM


def declined(error: BaseException, operation: str, *, opened: bool = False) -> Declined:
    """Turn an exception of the SDK's into one of ours; `opened`: a changing request was let out."""
    if isinstance(error, Declined):
        return error
    judged = judge(error)
    why = _SENTENCES[judged.cause].format(operation=operation, message=judged.message)
    lost = opened and judged.cause in {Cause.PLATFORM, Cause.NO_API} and not judged.unsent
    return Declined(judged.cause, why, code=judged.code, lost=lost)
