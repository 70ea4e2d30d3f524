"""What was registered is read back as the same content; each revision is read once."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.shaping import Native
from controller.targets.ecs.definitions import Definitions
from controller.targets.ecs.manifest import definition_fields, registrable
from controller.targets.ecs.spec import shape
from tests.targets.ecs.rig import Ground, new_ground, release

words = st.text(alphabet="abcxyz", min_size=1, max_size=6)
pairs = st.dictionaries(words, st.text(alphabet="ab 1=", max_size=4), max_size=3)


def listed(pairs: dict[str, str], value: str = "value") -> list[dict[str, str]]:
    return [{"name": name, value: content} for name, content in pairs.items()]


@st.composite
def containers(draw: st.DrawFn, name: str) -> dict[str, object]:
    optional = {
        "cpu": st.integers(0, 16),
        "memory": st.integers(16, 64),
        "essential": st.just(True),
        "command": st.lists(st.text(alphabet="ab-", max_size=3), max_size=3),
        "environment": pairs.map(listed),
        "dockerLabels": pairs,
        "portMappings": st.lists(st.integers(1, 99), max_size=2, unique=True).map(
            lambda ports: [{"containerPort": port} for port in ports]
        ),
        "healthCheck": st.just({"command": ["CMD-SHELL", "true"]}),
        "readonlyRootFilesystem": st.booleans(),
        "ulimits": st.just([{"name": "nofile", "softLimit": 10, "hardLimit": 20}]),
        "mountPoints": st.just([{"sourceVolume": "data", "containerPath": "/data"}]),
    }
    return draw(st.fixed_dictionaries({"name": st.just(name), "image": words}, optional=optional))


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, object]:
    named = draw(st.lists(words, min_size=1, max_size=3, unique=True))
    made = [draw(containers(name)) for name in named]
    for index, container in enumerate(made):
        for port in container.get("portMappings", []):
            port["containerPort"] += 100 * index  # in awsvpc and host mode all of a task's ports are its own
    common = {
        "family": "generated",
        "containerDefinitions": made,
        "volumes": [{"name": "data"}],
    }
    fargate = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "memory": "1 GB", "cpu": ".25 vCPU"}
    mode = draw(
        st.sampled_from(
            [fargate, {"networkMode": "bridge", "memory": "512"}, {"networkMode": "host", "memory": 512}]
        )
    )
    return {**common, **mode}


@pytest.fixture(scope="module")
def ground() -> object:
    with pytest.MonkeyPatch.context() as patch, new_ground(patch) as ground:
        yield ground


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(definitions())
def test_what_is_registered_and_described_is_what_was_declared(
    ground: Ground, definition: dict[str, object]
) -> None:
    shaped = shape(Native(definition=definition))
    assert shaped.faults == ()
    native = registrable(definition)
    native |= {key: str(native[key]) for key in ("cpu", "memory") if key in native}
    arn = ground.aws.ecs.register_task_definition(**native)["taskDefinition"]["taskDefinitionArn"]
    access = ground.clients.access(ground.place())
    access.verify()
    read = Definitions().get(access, arn)
    assert read.fields == definition_fields(definition)
    ground.tick(1)


def test_a_revision_is_read_once(ground: Ground) -> None:
    access, known = ground.clients.access(ground.place()), Definitions()
    access.verify()
    first = known.get(access, ground.revision(1))
    calls = ground.made("DescribeTaskDefinition")
    assert known.get(access, ground.revision(1)) is first
    assert ground.made("DescribeTaskDefinition") == calls
    assert first.fields == dict(
        pair for pair in release("v1.2.2").manifest.fields if pair[0].startswith("taskDefinition")
    )
