"""How a life may begin: in one of the phases, with hooks and without, so that each of them is lived in.

The world of a life that is settled runs 1 and knows 3 as good, so that 2 and 4 are new there.
"""

from controller.model.desired import OnDrift, Supersede

ROLLING = (("bump", "2"),)
ROLLED = (*ROLLING, ("turns", 2))
BAKING = (*ROLLING, ("turns", 3))
GOING_BACK = (*ROLLED, ("sick", "2"))
PENDING = (("gate", True), ("bump", "2"))
SLOW = ("task_takes", ("migrate", 30))
MIGRATED = ("hooks", ("migrate",))
UNDONE = ("hooks", ("undo",))
ALWAYS = ("supersede", Supersede.ALWAYS)
NEWER_MIGRATED = (ALWAYS, ("at once", (MIGRATED, ("bump", "4"))))

BEGINNINGS = [
    (),
    PENDING,
    ROLLING,
    ROLLED,
    BAKING,
    GOING_BACK,
    (*GOING_BACK, ("turns", 6)),
    (("breaker", False), ("bad", "2"), ("bump", "2"), ("turns", 13)),
    (("hooks", ("migrate", "seed", "smoke", "undo")), *ROLLING),
    (MIGRATED, ("task_fails", "migrate"), *ROLLING),
    (("hooks", ("smoke", "e2e", "undo")), *ROLLED),
    (*ROLLED, ("hooks", ("migrate", "smoke")), ("bump", "3")),
    (UNDONE, *GOING_BACK),
    (("pauses", "2"), *ROLLING, ("moments", 6)),
    (*ROLLED, ("pauses", "1"), ("sick", "2"), ("moments", 8)),
    (("guards", "twice"), *GOING_BACK),
    (("guards", "hold"), *GOING_BACK),
]

# What chance alone would seldom come upon: each of them leads to a row of the table that is rare.
BACK_AT_REST = (*GOING_BACK, ("turns", 6), ("cure", None), ("bump", "1"), ("turns", 2), ("gate", True))
FOUGHT = (("by_hand_done", "9"), ("turns", 12)) * 4
REPORTED = (("settings", 1), ("turns", 4), ("on_drift", OnDrift.REPORT))
BEGINNINGS += [
    # at rest
    FOUGHT,
    (*PENDING, *FOUGHT),
    (*PENDING, ("by_hand_done", "3")),
    (*PENDING, ("at once", (("gate", False), ("observe", True)))),
    (*PENDING, ("at once", (("bump", "1"), ("rename", "b")))),
    (*REPORTED, ("set_by_hand", 2)),
    (*REPORTED, *PENDING, ("set_by_hand", 2)),
    (*BACK_AT_REST, ("bump", "3"), ("bump", "2")),
    (*BACK_AT_REST, ("bump", "4"), ("at once", (("bump", "2"), ("retry", None)))),
    (("at once", (("by_hand", "2"), ("bump", "2"))),),
    (*BAKING, ("turns", 2), SLOW, *NEWER_MIGRATED, ("gate", True), ("turns", 8)),
    # preparing
    (MIGRATED, ("task_trouble", 2), *ROLLING, ("bump", "1")),
    (MIGRATED, ("task_trouble", 2), *ROLLING, ("at once", (("hooks", ()), ("bump", "4")))),
    (MIGRATED, SLOW, *ROLLING, ("by_hand", "2")),
    (MIGRATED, SLOW, *ROLLING, ("exits", None), ("exits", None), ("lag", 6), ("moments", 4)),
    # rolling
    (*ROLLING, ("brake", 0), ("sick", "2")),
    (("bad", "2"), ("lose_call", 1), *ROLLING, ("observe", True), ("turns", 9)),
    (("bad", "2"), *ROLLING, ("blind", True), ("turns", 3), ("at once", (("blind", False), ("by_hand", "3")))),
    (("pauses", "2"), *ROLLING, SLOW, *NEWER_MIGRATED, ("turns", 9)),
    (("pauses", "2"), *ROLLING, ("task_fails", "migrate"), *NEWER_MIGRATED, ("turns", 3)),
    (("pauses", "2"), *ROLLING, ("moments", 6), ("answer", ("2", True))),
    (*ROLLING, ("at once", (MIGRATED, ("bump", "3")))),
    (("supersede", Supersede.WHEN_FAILING), *ROLLED, ("at once", (("sick", "2"), ("bump", "4")))),
    # baking
    (*ROLLED, ("brake", 0), ("sick", "2")),
    (("safe", False), *GOING_BACK),
    (("safe", False), *BAKING, ("sick", "2")),
    (*ROLLED, ("trouble", True), ("scale", 3)),
    (*BAKING, ("trouble", True), ("trip", "platform"), ("turns", 3)),
    (("guards", "hold"), *BAKING, ("deaf", True), *(("wait", 10),) * 4),
    (("hooks", ("e2e",)), *BAKING, *(("wait", 10),) * 4),
    (*ROLLED, ("at once", (("trip", "content"), ("by_hand", "3")))),
    (*BAKING, ("at once", (("trip", "content"), ("by_hand", "1")))),
    (*BAKING, ("task_fails", "migrate"), *NEWER_MIGRATED, ("turns", 3)),
    (*BAKING, SLOW, *NEWER_MIGRATED, ("turns", 6)),
    (("supersede", Supersede.WHEN_FAILING), *BAKING, ("at once", (("sick", "2"), ("bump", "4")))),
    # going back, and stalled
    (UNDONE, ("task_takes", ("undo", 9)), *GOING_BACK, ("turns", 9)),
    (UNDONE, *BAKING, ("sick", "2"), ("observe", True), ("turns", 9)),
    (*GOING_BACK, ("turns", 6), ("at once", (("bump", "3"), ("observe", True)))),
    (MIGRATED, SLOW, *ROLLING, ("turns", 1), ("rollback", None), ("turns", 9)),
]
