"""Task definitions: immutable, so each is read once; registered rarely, because AWS allows one a second."""

import json
import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from controller.model.decision import Ensure, Start
from controller.model.manifest import Scalar
from controller.model.names import Commit, Digest, Revision
from controller.model.observation import OurTags
from controller.model.packed import Packed
from controller.targets.ecs.client import Access
from controller.targets.ecs.fields import TAG_COMMIT, TAG_DIGEST, TAG_ROLLOUT, TAG_VERSION
from controller.targets.ecs.manifest import canonical_json, definition_fields, registrable
from controller.targets.ecs.native import Native, last, part, parts, text, texts

_KEPT: Final = 4000
_NEWEST: Final = 10
# AWS, "Tag naming and usage conventions": letters, digits, spaces and these; at most 256 of them.
_NOT_IN_A_TAG: Final = re.compile(r"[^\w +\-=._:/@]")
_LONGEST_TAG: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A revision of a task definition: what it takes to register it again, and our tags."""

    revision: Revision
    native: Packed
    active: bool
    tags: OurTags | None

    @property
    def fields(self) -> Mapping[str, Scalar]:
        """Its content as canonical pairs."""
        return definition_fields(json.loads(str(self.native)))


class Definitions:
    """Every task definition that this process has read, by ARN; the least used are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Definition] = OrderedDict()
        self._families: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)

    def get(self, access: Access, arn: str) -> Definition:
        """Give a task definition, read at most once; `active` is as it was then. Raises Declined, OutOfQuota."""
        with self._lock:
            kept = self._kept.get(arn)
            if kept is not None:
                self._kept.move_to_end(arn)
                return kept
        return self.read(access, arn)

    def read(self, access: Access, arn: str) -> Definition:
        """Read a task definition now."""
        answer = access.read("DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])
        return self._keep(_definition(answer))

    def register(self, access: Access, definition: Native, action: Ensure | Start) -> Definition:
        """Make a new revision, with our tags. Raises Declined, OutOfQuota, Refusal."""
        answer = access.change("RegisterTaskDefinition", **definition, tags=tags_of(action))
        return self._keep(_definition({"tags": tags_of(action), **answer}))

    def find(self, access: Access, definition: Native, digest: Digest) -> Definition | None:
        """Find a revision with our tag of this digest and this very content among the family's newest."""
        answer = access.read(
            "ListTaskDefinitions",
            familyPrefix=text(definition, "family"),
            status="ACTIVE",
            sort="DESC",
            maxResults=_NEWEST,
        )
        fields = definition_fields(definition)
        newest = sorted(texts(answer, "taskDefinitionArns"), key=number_of, reverse=True)[:_NEWEST]
        for arn in newest:
            known = self.get(access, arn)
            if known.tags is not None and known.tags.digest == digest and known.fields == fields:
                return known
        return None

    def family(self, access: Access, family: str) -> threading.Lock:
        """Give the lock that one registration of a family at a time holds: AWS refuses two at once."""
        with self._lock:
            return self._families[str(id(access)), family]

    def _keep(self, definition: Definition) -> Definition:
        with self._lock:
            self._kept[definition.revision] = definition
            self._kept.move_to_end(definition.revision)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return definition


def tags_of(action: Ensure | Start) -> list[dict[str, str]]:
    """Give the tags that say where a revision comes from."""
    release = action.release
    said = {
        TAG_DIGEST: release.digest,
        TAG_VERSION: release.version,
        TAG_COMMIT: release.commit or "",
        TAG_ROLLOUT: str(action.rollout),
    }
    return [{"key": key, "value": clean} for key, value in said.items() if (clean := clean_tag(value))]


def clean_tag(value: str) -> str:
    """Bring a value to what AWS takes in a tag."""
    return _NOT_IN_A_TAG.sub("-", value)[:_LONGEST_TAG].strip()


def our_tags(tags: Mapping[str, str]) -> OurTags | None:
    """Read what our own tags say, if they are there."""
    digest = tags.get(TAG_DIGEST)
    if not digest:
        return None
    commit = tags.get(TAG_COMMIT)
    return OurTags(
        digest=Digest(digest), version=tags.get(TAG_VERSION, ""), commit=Commit(commit) if commit else None
    )


def number_of(arn: str) -> int:
    """Give the number of a revision within its family, from its ARN; 0 if it has none."""
    tail = last(arn).rsplit(":", 1)[-1]
    return int(tail) if tail.isdecimal() else 0


def _definition(answer: Native) -> Definition:
    described = part(answer, "taskDefinition")
    tags = {text(tag, "key"): text(tag, "value") for tag in parts(answer, "tags")}
    return Definition(
        revision=Revision(text(described, "taskDefinitionArn")),
        native=Packed.of(canonical_json(registrable(described))),
        active=text(described, "status") in {"", "ACTIVE"},
        tags=our_tags(tags),
    )
