"""`promote-image`: copy an image to another repository, byte for byte, so that its digest stays the same."""

import base64
import binascii
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from controller.app.world import clock_of
from controller.errors import AccessError, PlatformError, Refusal, SpecError, TrueupError
from controller.model.images import Reference
from controller.probes.guarded import Http
from controller.probes.hosts import Hosts, Repository, repository
from controller.probes.logins import Login, Logins
from controller.probes.manifests import KINDS, Blob, Content
from controller.probes.oci import Distribution, NotThere
from controller.targets.ecs.answers import declined

if TYPE_CHECKING:
    from controller.options import Options
    from controller.targets.ecs.client import Clients

_TRIES: Final = 3
_DEEPEST: Final = 3  # an index in an index in an index; nobody makes more
_MOST: Final = 1000  # manifests of one image


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be copied where, as the command line says it; the roles are for registries of ECR."""

    source: str
    to: str
    source_role: str | None = None
    role: str | None = None
    replace_tag: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What came of it: the image by its digest where it now is, and how much was, or would be, copied."""

    image: str
    tag: str
    was_there: bool
    manifests: int = 0
    blobs: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """An image taken apart: manifests, those that others refer to first, and each blob once."""

    manifests: tuple[Content, ...]
    blobs: tuple[Blob, ...]


def promote(wish: Wish, options: "Options", say: Callable[[str], None]) -> Promotion:
    """Copy the image unless it is there already; `say` is told of each step.

    SpecError: a name that is wrong, or a source that is not there. Refusal: the tag stands for another image.
    AccessError and PlatformError as registries give them; what was copied until then stays, and does no harm.
    """
    with _opened(wish, options) as distribution:
        return _Promoting(wish, distribution, say).run()


@dataclass(slots=True)
class _Promoting:
    wish: Wish
    distribution: Distribution
    say: Callable[[str], None]
    source: Repository = field(init=False)
    dest: Repository = field(init=False)
    wanted: str = field(init=False)
    tag: str = field(init=False)

    def __post_init__(self) -> None:
        source, to = Reference.of(self.wish.source), Reference.of(self.wish.to)
        if to.digest:
            raise SpecError(
                f"{self.wish.to}: the digest follows from what is copied; write REPOSITORY or REPOSITORY:TAG"
            )
        if not (source.tag or source.digest):
            raise SpecError(f"{self.wish.source} names no tag and no digest; which image is meant?")
        self.source, self.dest = repository(source.name), repository(to.name)
        self.wanted, self.tag = source.digest or source.tag, to.tag or source.tag

    def run(self) -> Promotion:
        """Look at both sides, copy what lacks, and look again."""
        content = self._content()
        digest = content.digest
        there, tagged = self._there(digest), self._there(self.tag) if self.tag else digest
        image = f"{self.dest}@{digest}"
        if there == digest == tagged:
            return Promotion(image=image, tag=self.tag, was_there=True)
        if tagged not in {"", digest} and not self.wish.replace_tag:
            raise Refusal(
                f"{self.dest}:{self.tag} is another image, {tagged}; choose another tag, or say --replace-tag"
            )
        parts = _Parts(manifests=(content,), blobs=()) if there else self._apart(content)
        lacking = [blob for blob in parts.blobs if not self.distribution.has_blob(self.dest, blob.digest)]
        if not self.wish.dry_run:
            self._copy(parts, lacking, content)
            self._prove(digest)
        return Promotion(
            image=image,
            tag=self.tag,
            was_there=False,
            manifests=len(parts.manifests),
            blobs=len(lacking),
            size=sum(blob.size for blob in lacking),
        )

    def _content(self) -> Content:
        try:
            digest = self.distribution.digest(self.source, self.wanted)
            content = self.distribution.manifest(self.source, digest or self.wanted)
        except NotThere as error:
            raise SpecError(f"there is nothing to copy: {error}") from error
        if content.kind not in KINDS:
            raise SpecError(f"{self.wish.source} is of a kind that is no image: {content.kind}")
        return content

    def _there(self, wanted: str) -> str:
        """Give the digest of what the destination has under a tag or digest; empty for nothing."""
        try:
            return self.distribution.digest(self.dest, wanted) or ""
        except NotThere:
            return ""

    def _apart(self, content: Content, depth: int = 0) -> _Parts:
        """Take an image apart, whole: an index is copied with all its platforms, else its digest would change."""
        if not content.is_index:
            return _Parts(manifests=(content,), blobs=content.blobs())
        if depth == _DEEPEST:
            raise PlatformError(f"{self.wish.source} is an index in an index in an index; that is not copied")
        manifests: dict[str, Content] = {}
        blobs: dict[str, Blob] = {}
        for child in content.children():
            found = self._apart(self.distribution.manifest(self.source, child.digest), depth + 1)
            manifests |= {one.digest: one for one in found.manifests}
            blobs |= {one.digest: one for one in found.blobs}
            if len(manifests) > _MOST:
                raise PlatformError(f"{self.wish.source} has more than {_MOST} manifests; that is not copied")
        return _Parts(manifests=(*manifests.values(), content), blobs=tuple(blobs.values()))

    def _copy(self, parts: _Parts, lacking: list[Blob], content: Content) -> None:
        for place, blob in enumerate(lacking, 1):
            how = self._bring(blob)
            self.say(f"{how} blob {place} of {len(lacking)}, {size_of(blob.size)}: {blob.digest}")
        for one in parts.manifests:
            reference = self.tag if one is content and self.tag else one.digest
            self.distribution.put(self.dest, reference, one)
            self.say(f"pushed {'index' if one.is_index else 'manifest'} {one.digest}")

    def _bring(self, blob: Blob) -> str:
        same = self.source.host == self.dest.host
        if same and self.distribution.mount(self.source.name, self.dest, blob.digest):
            return "mounted"
        for left in reversed(range(_TRIES)):
            try:
                self.distribution.copy_blob(self.source, self.dest, blob.digest, blob.size)
            except NotThere as error:
                raise PlatformError(f"{error}; the image is not whole") from error
            except PlatformError as error:
                if not left:
                    raise
                self.say(f"again: {error}")
            else:
                break
        return "copied"

    def _prove(self, digest: str) -> None:
        """Read back what was pushed: what the registry has must be what was copied."""
        for wanted in filter(None, (digest, self.tag)):
            found = self._there(wanted)
            if found != digest:
                raise PlatformError(
                    f"{self.dest} has {found or 'nothing'} under {wanted} after the copy, not {digest}"
                )


@contextmanager
def _opened(wish: Wish, options: "Options") -> Iterator[Distribution]:
    from controller.targets.ecs.client import Clients
    from controller.targets.ecs.session import AwsOptions

    clock, stop = clock_of(options), threading.Event()
    hosts, http = Hosts.of(options.registries, options.endpoint_url), Http()
    clients = Clients(
        AwsOptions(endpoint_url=options.endpoint_url, session="promote-image"),
        now=clock.now,
        elapsed=clock.elapsed,
        wait=lambda seconds: clock.wait(stop, seconds),
    )
    logins, at_source = Logins(options.docker_config), repository(Reference.of(wish.source).name).host
    to = repository(Reference.of(wish.to).name).host

    def login(host: str) -> Login | None:
        where = Repository(host=host, name="").ecr
        if where is None:
            return logins(host)
        role = wish.source_role if host == at_source != to else wish.role
        return _ecr_login(clients, where[1], role)

    try:
        yield Distribution(http, hosts, login)
    finally:
        clients.close()
        http.close()


def _ecr_login(clients: "Clients", region: str, role: str | None) -> Login:
    """Get the password for ECR's registries; it is good for twelve hours."""
    from controller.targets.ecs.session import read_config

    try:
        client = clients.make(clients.session(role, region), "ecr", region, read_config())
        try:
            answer = client.get_authorization_token()
        finally:
            client.close()
        given = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    except TrueupError:
        raise
    except (binascii.Error, UnicodeDecodeError, LookupError) as error:
        raise PlatformError("ECR gives a token that can not be read") from error
    except Exception as error:
        told = declined(error, "GetAuthorizationToken")
        raise AccessError(f"{told}; it needs ecr:GetAuthorizationToken") from error
    user, _, password = given.partition(":")
    return Login(user=user, password=password)


def size_of(count: int) -> str:
    """Write a number of bytes for people."""
    for unit in ("B", "KB", "MB"):
        if count < 1000:  # noqa: PLR2004 - of three digits
            return f"{count:.0f} {unit}"
        count = round(count / 1000)
    return f"{count} GB"
