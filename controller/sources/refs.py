"""Where the branches and tags of a repository stand, as one `ls-remote` tells it."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.model.names import Commit
from controller.sources.objects import is_oid

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
_PEELED = "^{}"
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Refs:
    """Branches and tags by their short names; an annotated tag stands for the commit behind it."""

    branches: Mapping[str, Commit]
    tags: Mapping[str, Commit]


def read_refs(listing: bytes) -> Refs:
    """Read the output of `ls-remote --heads --tags`; names that cannot be shown are passed over.

    An annotated tag is listed twice, and the second time, with `^{}`, as what is behind it (git-ls-remote).
    """
    branches: dict[str, Commit] = {}
    tags: dict[str, Commit] = {}
    behind: dict[str, Commit] = {}
    for line in listing.decode("utf-8", "replace").splitlines():
        oid, _, name = line.partition("\t")
        if not is_oid(oid) or not name.isprintable() or len(name) > _LONGEST:
            continue
        if name.startswith(_HEADS):
            branches[name.removeprefix(_HEADS)] = Commit(oid)
        elif name.startswith(_TAGS) and name.endswith(_PEELED):
            behind[name.removeprefix(_TAGS).removesuffix(_PEELED)] = Commit(oid)
        elif name.startswith(_TAGS):
            tags[name.removeprefix(_TAGS)] = Commit(oid)
    return Refs(branches=branches, tags=tags | behind)
