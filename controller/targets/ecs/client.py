"""Clients of AWS: counted, within their budget, and able to change things only through the last gate."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from controller.errors import AccessError, PlatformError, TrueupError
from controller.model.place import Place
from controller.targets.ecs.answers import Cause, Declined, cause_of, declined
from controller.targets.ecs.buckets import WAITS, Buckets
from controller.targets.ecs.native import Native
from controller.targets.ecs.permit import Gate, Request
from controller.targets.ecs.session import AwsOptions, ambient_session, change_config, read_config, role_session

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session

OnCall: TypeAlias = Callable[[str, str, str, str], None]
Client: TypeAlias = Any  # the SDK makes the classes of its clients at run time
_RESULTS: Final = {Cause.DENIED: "denied", Cause.THROTTLED: "throttled", Cause.PLATFORM: "failed"}
_REFUSED: Final = 300


class OutOfQuota(PlatformError):
    """Our part of AWS's budget for this class of call is used up."""


class Access:
    """One account and region, reached by one role: who we are there, and the calls that we may make."""

    def __init__(self, place: Place, clients: "Clients") -> None:
        self._account, self._region, self._role = place.account, place.region, place.role
        self._clients = clients
        self._lock = threading.RLock()
        self._session: Session | None = None
        self._made: dict[tuple[str, bool], Client] = {}
        self._verified: str | None = None
        self._wrong: tuple[str, str] | None = None

    def verify(self) -> None:
        """Make sure that the credentials belong to the account; asked once for each set of them.

        Raises AccessError if they do not, or if there are none, and PlatformError if that cannot be found out.
        """
        with self._lock:
            try:
                key = self._key()
                if key == self._verified:
                    return
                if self._wrong is None or self._wrong[0] != key:
                    self._ask_who_we_are(key)
            except Exception as error:
                raise _in_words(error, self._role) from error
            if self._wrong is not None:
                raise AccessError(self._wrong[1])

    def read(self, operation: str, **params: object) -> Native:
        """Make a call that changes nothing; raises Declined, or OutOfQuota."""
        return self._call(operation, self._client("ecs", changing=False), params)

    def change(self, operation: str, **params: object) -> Native:
        """Make a call that changes something, once; raises Declined, OutOfQuota, or Refusal from the last gate."""
        return self._call(operation, self._client("ecs", changing=True), params)

    def change_in(self, service: str, operation: str, **params: object) -> Native:
        """Make such a call of another service; raises as `change` does."""
        return self._call(operation, self._client(service, changing=True), params)

    def ask(self, service: str, operation: str, **params: object) -> Native:
        """Ask another service something, which changes nothing; raises Declined, or what `verify` raises."""
        return self._call(operation, self.client(service), params)

    def client(self, service: str) -> Client:
        """Give a client of another service that is only read from."""
        self.verify()
        return self._client(service, changing=False)

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            for client in self._made.values():
                client.close()

    def _call(self, operation: str, client: Client, params: dict[str, object]) -> Native:
        from botocore import xform_name  # noqa: PLC0415 - AWS's library is loaded only where it is used

        opened = self._clients.opened()
        try:
            answer: Native = getattr(client, xform_name(operation))(**params)
        except TrueupError:
            raise  # said by ourselves, at the gate
        except Exception as error:
            raise declined(error, operation, opened=opened()) from error
        return answer

    def _key(self) -> str:
        credentials = self._opened().get_credentials()
        if credentials is None:
            raise AccessError(f"there are no AWS credentials for account {self._account}")
        return str(credentials.get_frozen_credentials().access_key)

    def _ask_who_we_are(self, key: str) -> None:
        found = str(self._client("sts", changing=False).get_caller_identity()["Account"])
        if found == self._account:
            self._verified, self._wrong = key, None
        else:
            self._verified = None
            self._wrong = (
                key,
                f"the credentials belong to account {found}, not to {self._account}; nothing is done",
            )

    def _opened(self) -> "Session":
        if self._session is None:
            self._session = self._clients.session(self._role, self._region)
        return self._session

    def _client(self, service: str, *, changing: bool) -> Client:
        with self._lock:
            made = self._made.get((service, changing))
            if made is None:
                made = self._made[service, changing] = self._make(service, changing=changing)
            return made

    def _make(self, service: str, *, changing: bool) -> Client:
        config = change_config() if changing else read_config()
        client = self._clients.make(self._opened(), service, self._region, config)
        if service != "sts":
            client.meta.events.register("before-send", self._before_change if changing else self._before_read)
        heard = partial(self._clients.received, self._account, self._region)
        client.meta.events.register("response-received", heard)
        return client

    def _before_read(self, event_name: str, **_: object) -> None:
        patience = self._clients.options.patience
        if not self._clients.buckets.take(self._account, self._region, _operation(event_name), patience):
            raise OutOfQuota(f"{_operation(event_name)} {WAITS}")

    def _before_change(self, request: Request, event_name: str, **_: object) -> None:
        permission = self._clients.gate.ask(request, self._account, self._verified)
        if not self._clients.buckets.take(self._account, self._region, _operation(event_name)):
            raise OutOfQuota(f"{_operation(event_name)} {WAITS}")
        permission.check()
        permission.opened = True


class Clients:
    """Every way into AWS that this process has.

    `now` and `elapsed` are the controller's time, `wait` waits at most so many seconds of it and says whether to
    give up. `on_call` hears of every answer: account, region, operation, and one of ok, throttled, denied, refused
    and failed.
    """

    def __init__(
        self,
        options: AwsOptions,
        *,
        now: Callable[[], datetime],
        elapsed: Callable[[], float],
        wait: Callable[[float], bool],
        on_call: OnCall = lambda *_: None,
    ) -> None:
        self.options = options
        self.buckets = Buckets(elapsed, wait, share=options.share)
        self.gate = Gate(now)
        self.on_call = on_call
        self.elapsed = elapsed
        self._lock = threading.RLock()
        self._ambient: Session | None = None
        self._accesses: dict[tuple[str, str, str | None], Access] = {}
        self._lenders: dict[tuple[str, str], tuple[Mapping[str, str | None], Client]] = {}

    def access(self, place: Place) -> Access:
        """Give the way into a place."""
        place = replace(place, role=self.options.role_in(place))
        key = (place.account, place.region, place.role)
        with self._lock:
            if key not in self._accesses:
                self._accesses[key] = Access(place, self)
            return self._accesses[key]

    def cloudwatch(self, account: str, region: str, role: str | None) -> Client:
        """Give a CloudWatch client; raises AccessError or PlatformError if the account is not ours to read."""
        return self._reader("cloudwatch", account, region, role)

    def cloudtrail(self, account: str, region: str, role: str | None) -> Client:
        """Give a CloudTrail client; raises AccessError or PlatformError if the account is not ours to read."""
        return self._reader("cloudtrail", account, region, role)

    def rds(self, account: str, region: str, role: str | None) -> Client:
        """Give an RDS client; raises AccessError or PlatformError if the account is not ours to read."""
        return self._reader("rds", account, region, role)

    def _reader(self, service: str, account: str, region: str, role: str | None) -> Client:
        place = Place(kind="ecs", account=account, region=region, cluster="", service="", role=role)
        return self.access(place).client(service)

    def of_place(self, place: Place, service: str) -> Client:
        """Give a client of another service, only read from; raises as `cloudwatch` does."""
        return self.access(place).client(service)

    def ecr(self, account: str, region: str, role: str | None) -> Client:
        """Give an ECR client for the registries of a region; raises AccessError or PlatformError as above."""
        place = Place(kind="ecs", account=account, region=region, cluster="", service="", role=role)
        return self.access(place).client("ecr")

    def session(self, role: str | None, region: str) -> "Session":
        """Open a session with the credentials of a role, or with our own."""
        with self._lock:
            ambient = self._ambient = self._ambient or ambient_session()

        def client(service: str, **credentials: str | None) -> Client:
            return self._lender(ambient, service, (role or "", region), credentials)

        return role_session(role, ambient, client, self.options) if role else ambient

    def _lender(
        self, ambient: "Session", service: str, key: tuple[str, str], credentials: Mapping[str, str | None]
    ) -> Client:
        """Give the client that assumes one role in one region: a new one only when our own credentials are new."""
        role, region = key
        with self._lock:
            known, client = self._lenders.get(key, (None, None))
            if known != credentials:
                if client is not None:
                    client.close()
                client = self.make(ambient, service, region, read_config(), **credentials)
                heard = partial(self.received, _account_of(role), region)
                client.meta.events.register("response-received", heard)
                self._lenders[key] = (dict(credentials), client)
            return client

    def received(
        self,
        account: str,
        region: str,
        event_name: str,
        parsed_response: Native | None = None,
        exception: Exception | None = None,
        **_: object,
    ) -> None:
        """Count the answer to every attempt; what we stopped ourselves was no call."""
        if isinstance(exception, TrueupError):
            return
        operation = _operation(event_name)
        result = "failed" if parsed_response is None else _result(parsed_response)
        if result == "throttled":
            self.buckets.empty(account, region, operation)
        self.on_call(account, region, operation, result)

    def make(self, session: "Session", service: str, region: str, config: "Config", **more: object) -> Client:
        """Make a client; one at a time, because the SDK's sessions are not made for threads."""
        make: Callable[..., Client] = session.create_client
        with self._lock:
            return make(service, region_name=region, endpoint_url=self.options.endpoint_url, config=config, **more)

    def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            for access in self._accesses.values():
                access.close()
            for _, client in self._lenders.values():
                client.close()

    def opened(self) -> Callable[[], bool]:
        """Forget what was let out before, and give what says whether something is let out from now on."""
        return self.gate.opened()


def _account_of(role: str) -> str:
    """Give the account in a role's ARN: whose role it is, is whose call it is."""
    return (role.split(":") + [""] * 5)[4]


def _operation(event_name: str) -> str:
    return event_name.rsplit(".", 1)[-1]


def _result(answer: Native) -> str:
    told, error = answer.get("ResponseMetadata"), answer.get("Error")
    status = told.get("HTTPStatusCode", 0) if isinstance(told, dict) else 0
    if status < _REFUSED or not isinstance(error, dict):
        return "ok" if status < _REFUSED else "failed"
    cause = cause_of(str(error.get("Code", "")), str(error.get("Message", "")), status)
    return _RESULTS.get(cause, "refused")


def _in_words(error: Exception, role: str | None) -> TrueupError:
    """Name who must act when we cannot even find out who we are."""
    if isinstance(error, TrueupError) and not isinstance(error, Declined):
        return error
    told = declined(error, f"AssumeRole of {role}" if role else "GetCallerIdentity")
    denied = told.cause in {Cause.DENIED, Cause.CONTENT}
    return AccessError(str(told)) if denied else PlatformError(str(told))
