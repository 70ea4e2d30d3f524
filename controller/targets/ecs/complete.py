"""Make a release whole: what lies below it, what is passed over, and the digests of its tags. Changes nothing."""

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from controller.errors import TrueupError
from controller.model.desired import DesiredTarget
from controller.model.images import Found, ImageAnswer, ImageAt, Missing, Reference
from controller.model.lookups import LookupAnswer, LookupAt
from controller.model.names import ClaimKey, TargetName
from controller.model.observation import Live
from controller.model.place import Place
from controller.model.version import read_version
from controller.ports import Lookups, Registries, Unfinished
from controller.targets.ecs.base import is_running, owned_of
from controller.targets.ecs.bases import Bases, Unexamined
from controller.targets.ecs.below import Below, laid
from controller.targets.ecs.client import Clients
from controller.targets.ecs.creation import lacking
from controller.targets.ecs.draft import read_draft, tagged
from controller.targets.ecs.known import kept_images, running_images
from controller.targets.ecs.lookedup import LookedUp, Unfilled, fill
from controller.targets.ecs.manifest import (
    WHOLE,
    read_shape,
)
from controller.targets.ecs.native import last
from controller.targets.ecs.pinned import (
    asked_images,
    known_images,
    moved,
    wrong_with,
)
from controller.targets.ecs.whole import Work, current_of, is_polled, is_settled, is_unknown, waits, whole

_LAID: Final = "laid over"
_AGAIN: Final = 30.0  # seconds, while it could not be done
_SOON: Final = 300.0  # while something waits to be deployed
_LATE: Final = 3600.0  # at rest, where nothing depends on it
Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A completed target, what it was completed from, and until when that may be believed."""

    want: DesiredTarget
    key: Key
    until: float
    result: DesiredTarget


class Completing:
    """Completes releases. What was decided is in the record; what is kept here only saves asking again."""

    def __init__(
        self,
        clients: Clients,
        bases: Bases,
        registries: Registries | None,
        lookups: Lookups | None,
        polled: Registries | None = None,
    ) -> None:
        self._clients = clients
        self._looked_up = LookedUp(lookups)
        self._below = Below(clients, bases)
        self._registries = registries
        self._polled = polled or registries
        self._elapsed: Callable[[], float] = clients.elapsed
        self._lock = threading.Lock()
        self._done: OrderedDict[ClaimKey, _Done] = OrderedDict()

    def complete(self, wanted: Sequence[Unfinished], now: datetime) -> Mapping[TargetName, DesiredTarget]:
        """Complete them all, with as few questions to registries as there can be."""
        done: dict[TargetName, DesiredTarget] = {}
        works: list[Work] = []
        looked_up = self._looked_up.ask(wanted)
        for one in wanted:
            try:
                begun = self._begin(one, looked_up, now)
            except (Unfilled, Unexamined, TrueupError, LookupError) as problem:
                done[one.target] = replace(one.want, unread=_words(problem))
                continue
            if isinstance(begun, Work):
                works.append(begun)
            else:
                done[one.target] = begun
        answers = self._ask(works)
        return done | {work.one.target: self._end(work, answers) for work in works}

    def _begin(
        self, one: Unfinished, looked_up: Mapping[LookupAt, LookupAnswer], now: datetime
    ) -> Work | DesiredTarget:
        """Give what was completed before if nothing changed since, else what there is to do."""
        draft, live = read_draft(one.want.draft), one.sight if isinstance(one.sight, Live) else None
        base, base_name = self._below.find(one, draft, live)
        passed = tuple(ignored.path for ignored in one.want.ignore if ignored.holds(now))
        releases = one.memory.releases if one.memory else ()
        known = tuple((release.asked, release.digest) for release in releases)
        values = self._looked_up.resolve(one, looked_up)
        key = (known, passed, base_name, live.manifest.digest if live else None, tuple(values.items()))
        with self._lock:
            before = self._done.get(one.want.place.claim)
        if before and before.want is one.want and before.key == key and self._elapsed() < before.until:
            return before.result
        filled = fill(one.want, values)
        words, service = read_shape(str(filled.release.shape))
        tags = dict(tagged(words, draft.tags)) if self._registries else {}
        work = Work(
            one=one,
            want=filled,
            key=key,
            draft=draft,
            words=words,
            definition=words if base is None else laid(base, words, base_name),
            service=service,
            owned=owned_of(words) if draft.base and is_running(draft.base) else WHOLE,
            passed=passed,
            tags=tags,
            images=_known(one, filled, tags, live),
            base=base_name if base is not None and not is_running(draft.base) else "",
            notes=[f"{_LAID} {last(base_name)}"] if base is not None else [],
        )
        same = before is not None and before.want is one.want
        expired = before is not None and same and before.key == key
        work.due = is_unknown(work) or expired or (not same and not is_settled(work)) or is_polled(work.want)
        if before is not None and same and not work.due:
            work.notes += [note for note in before.result.notes if not note.startswith(_LAID)]
        return work

    def _ask(self, works: Sequence[Work]) -> Mapping[ImageAt, ImageAnswer]:
        """Ask the registries what every tag stands for, and whether what it stood for is still there."""
        if self._registries is None or self._polled is None:
            return {}
        asked: dict[ImageAt, None] = {}
        polled: dict[ImageAt, None] = {}
        for work in (work for work in works if work.due):
            place, images = work.one.want.place, (*work.tags.values(), *work.images.values())
            questions = dict.fromkeys(_at(image, place) for image in images)
            (polled if is_polled(work.want) else asked).update(questions)
        found = self._registries.find(list(asked)) if asked else {}
        return {**found, **self._polled.find(list(polled))} if polled else found

    def _end(self, work: Work, answers: Mapping[ImageAt, ImageAnswer]) -> DesiredTarget:
        # What is followed comes first: only with it is it known whether anything is still to be deployed.
        images = sorted(work.tags.items(), key=lambda one: one[1] not in work.want.fresh)
        wrong = [_settle(work, name, image, answers) for name, image in images]
        wrong.append(lacking(work.want, work.definition) if work.draft.base else "")
        why = "; ".join(filter(None, wrong))
        result = replace(work.one.want, unread=why) if why else whole(work)
        rests = not why and not waits(work)
        soon = 0.0 if is_polled(work.want) else _AGAIN if why else _spread(work) if rests else _SOON
        until = self._elapsed() + soon
        self._keep(work.one.want.place.claim, _Done(want=work.one.want, key=work.key, until=until, result=result))
        return result

    def _keep(self, claim: ClaimKey, done: _Done) -> None:
        """Keep what was completed; drop what nobody has asked for since it was worth anything."""
        with self._lock:
            self._done[claim] = done
            self._done.move_to_end(claim)
            while next(iter(self._done.values())).until + _LATE < self._elapsed():
                self._done.popitem(last=False)


def _known(one: Unfinished, want: DesiredTarget, tags: Mapping[str, str], live: Live | None) -> dict[str, str]:
    """Give the images that are known without asking; nothing is of those whose tags are asked for again and again.

    What a version that is followed stood for is known from any release of it, whatever else the spec says now.
    """
    releases = one.memory.releases if one.memory else ()
    images = known_images(want.release.digest, releases, tags)
    kept = kept_images(releases if want.track is not None else current_of(one), tags)
    found = running_images(tags, live) | kept | images
    return {name: image for name, image in found.items() if tags[name] not in want.fresh}


def _words(problem: Exception) -> str:
    return str(problem.args[0]) if isinstance(problem, LookupError) and problem.args else str(problem)


def _at(image: str, place: Place) -> ImageAt:
    """Ask with the rights of a place; which service it is for makes no difference."""
    return ImageAt(reference=image, place=replace(place, cluster="", service=""))


def _spread(work: Work) -> float:
    """Let tags at rest be asked for once in about an hour, and those of many targets at different times."""
    return _LATE * (0.5 + zlib.crc32(work.one.want.place.claim.encode()) / 2**32)


def _settle(work: Work, name: str, image: str, answers: Mapping[ImageAt, ImageAnswer]) -> str:
    """Find the digest of one tag, or say why it cannot be deployed; what is only to be known becomes a note."""
    place = work.one.want.place
    answer, kept = answers.get(_at(image, place)), work.images.get(name)
    if kept is not None:
        if answer is not None and (note := moved(name, image, kept, answer)):
            work.notes.append(note)
            work.astray = note if is_polled(work.want) and _is_followed(work, image) else work.astray
        wrong = _wrong_now(work, name, image, answers.get(_at(kept, place)))
        if not wrong or not is_settled(work):
            return wrong
        work.notes.append(f"{wrong}; it runs, and a task that is replaced will not start")
        return ""
    if answer is None:
        return f"nobody said what {image} stands for"
    if image in work.want.fresh and isinstance(answer, Missing) and (stays := _stood_for(work, name, image)):
        work.images[name] = stays
        work.notes.append(f"{answer.why}; {name!r} stays with {stays.partition('@')[2]}")
        return ""
    if wrong := wrong_with(name, image, answer, work.definition):
        return wrong
    if isinstance(answer, Found):
        releases = work.one.memory.releases if work.one.memory else ()
        work.images[name] = Reference.of(image).at(answer.digest)
        before = next(iter(asked_images(releases, name, image)), None)
        note = moved(name, image, before, answer) if before is not None else ""
        if image not in work.want.fresh:
            work.notes += [note] if note else []
        elif note and _is_followed(work, image):
            work.notes.append(f"{note}, which is followed")
    return ""


def _wrong_now(work: Work, name: str, image: str, there: ImageAnswer | None) -> str:
    """Say what has become wrong with an image whose digest is known; that nobody can be asked is nothing wrong."""
    if isinstance(there, Missing):
        return f"the image of {name!r} that {image} stood for is gone: {there.why}"
    return wrong_with(name, image, there, work.definition) if isinstance(there, Found) else ""


def _is_followed(work: Work, image: str) -> bool:
    """Whether the tag of an image names the version that is followed."""
    version = read_version(work.want.release.version)
    return version is not None and version.is_numbered and version.base[1:] in (Reference.of(image).tag or "")


def _stood_for(work: Work, name: str, image: str) -> str:
    """Give what a followed tag stood for when it was there."""
    releases = work.one.memory.releases if work.one.memory else ()
    return next(iter(asked_images(releases, name, image)), "")
