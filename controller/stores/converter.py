"""Which type is written how: the rules that codec applies."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import get_args, get_origin

from cattrs import Converter
from cattrs.dispatch import StructureHook, UnstructureHook
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from controller.model.decision import Action, Continue, Stop
from controller.model.desired import Reading
from controller.model.gate import Gate
from controller.model.hooks import TaskSight
from controller.model.manifest import Echoed, Manifest
from controller.model.observation import Sight
from controller.model.outcome import Outcome
from controller.model.packed import Packed
from controller.model.questions import Answer, Question, Unanswered
from controller.model.release import Release
from controller.stores.contents import (
    read_echoed,
    read_manifest,
    read_packed,
    read_reference,
    write_echoed,
    write_manifest,
    write_reference,
)
from controller.stores.scalars import camel, may_be_left_out, read_instant, read_span, write_instant, write_span
from controller.stores.tagged import Tagged, Tree, by_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The open sets: dataclasses by their kind. That a question went unanswered is known without being listed."""

    gates: Mapping[str, type] = field(default_factory=dict)
    questions: Mapping[str, type] = field(default_factory=dict)
    answers: Mapping[str, type] = field(default_factory=dict)


def converter_of(tables: Tables) -> Converter:
    """Make the converter that knows these kinds."""
    converter = Converter()
    _register_primitives(converter)
    _register(converter, datetime, write_instant, read_instant)
    _register(converter, timedelta, write_span, read_span)
    _register(converter, Packed, str, read_packed)
    _register(converter, Echoed, write_echoed, read_echoed)
    _register(converter, Manifest, write_manifest, read_manifest)
    _register(converter, Release, write_reference, read_reference)
    converter.register_unstructure_hook_func(_is_set, sorted)
    converter.register_unstructure_hook_factory(is_dataclass, lambda kind: _writer(converter, kind))
    converter.register_structure_hook_factory(is_dataclass, lambda kind: _reader(converter, kind))
    _register_closed(converter)
    _register_actions(converter)
    _register_open(converter, tables)
    return converter


def _is_set(kind: object) -> bool:
    return get_origin(kind) is frozenset


def _register(converter: Converter, kind: type, write: UnstructureHook, read: StructureHook) -> None:
    converter.register_unstructure_hook(kind, write)
    converter.register_structure_hook(kind, read)


def _register_primitives(converter: Converter) -> None:
    """Take text for text and numbers for numbers, and nothing for nothing else: cattrs alone would convert."""
    accepted: dict[type, tuple[type, ...]] = {str: (str,), int: (int,), float: (float, int), bool: (bool,)}
    for kind, kinds in accepted.items():
        converter.register_structure_hook(kind, _exactly(kind, kinds))
    # A StrEnum is a str: without this, its members would come back as their bare texts.
    converter.register_structure_hook(StrEnum, lambda value, kind: kind(value))


def _exactly(kind: type, kinds: tuple[type, ...]) -> StructureHook:
    def read(value: object, _kind: object) -> object:
        if type(value) not in kinds:
            raise TypeError(f"{value!r} is not of type {kind.__name__}")
        return value

    return read


def _register_closed(converter: Converter) -> None:
    for what, union in (("reading", Reading), ("sight", Sight), ("outcome", Outcome), ("task", TaskSight)):
        table = by_name(*get_args(union))
        Tagged(what=what, table=table, converter=converter).register(partial(operator.eq, union))


def _register_actions(converter: Converter) -> None:
    """Write an action with its kind; those of the first stores name none, and are all Ensure."""
    actions = Tagged(what="action", table=by_name(*get_args(Action)), converter=converter, unnamed="ensure")
    actions.register(lambda kind: kind in (Action, Stop | Continue))
    converter.register_unstructure_hook_func(
        partial(operator.eq, Action | None), lambda value: None if value is None else actions.write(value)
    )
    converter.register_structure_hook_func(
        partial(operator.eq, Action | None), lambda tree, _kind: None if tree is None else actions.read(tree)
    )


def _register_open(converter: Converter, tables: Tables) -> None:
    Tagged(what="gate", table=tables.gates, converter=converter).register(partial(operator.is_, Gate))
    questions = Tagged(what="question", table=tables.questions, converter=converter)
    table = {"unanswered": Unanswered, **tables.answers}
    answers = Tagged(what="answer", table=table, converter=converter)

    def write(told: Mapping[Question, Answer]) -> list[object]:
        return [[questions.write(question), answers.write(answer)] for question, answer in told.items()]

    def read(pairs: list[tuple[Tree, Tree]], _kind: object) -> dict[Question, Answer]:
        return {questions.read(question): answers.read(answer) for question, answer in pairs}

    told = Mapping[Question, Answer]
    converter.register_unstructure_hook_func(partial(operator.eq, told), write)
    converter.register_structure_hook_func(partial(operator.eq, told), read)


def _writer(converter: Converter, kind: type) -> UnstructureHook:
    named = {
        field.name: override(rename=camel(field.name), omit_if_default=may_be_left_out(field))
        for field in fields(kind)
    }
    return make_dict_unstructure_fn(kind, converter, **named)  # type: ignore[arg-type]  # names of fields, never of options


def _reader(converter: Converter, kind: type) -> StructureHook:
    named = {field.name: override(rename=camel(field.name)) for field in fields(kind)}
    return make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True, **named)  # type: ignore[arg-type]  # as above
