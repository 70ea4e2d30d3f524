"""What people may write to have a difference passed over, and what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.paths import excepting, is_under, matches
from controller.targets.ecs.canon import bracket
from controller.targets.ecs.ignored import ignored

ENV = "taskDefinition.containerDefinitions[api].environment"


@pytest.mark.parametrize(
    ("written", "passes", "keeps"),
    [
        (f"{ENV}[LOG_LEVEL]", [f"{ENV}[LOG_LEVEL]"], [f"{ENV}[LOG_LEVELS]", f"{ENV}[X]"]),
        (f"$.{ENV}", [f"{ENV}[LOG_LEVEL]"], ["taskDefinition.containerDefinitions[api].environmentFiles[0].value"]),
        (
            "$.taskDefinition.containerDefinitions[?@.name=='api'].environment[?(@.name == \"LOG_LEVEL\")].value",
            [f"{ENV}[LOG_LEVEL]"],
            [f"{ENV}[OTHER]", "taskDefinition.containerDefinitions[web].environment[LOG_LEVEL]"],
        ),
        (
            "$.taskDefinition.containerDefinitions[*].image",
            ["taskDefinition.containerDefinitions[api].image", "taskDefinition.containerDefinitions[a.b].image"],
            ["taskDefinition.containerDefinitions[api].imagePullPolicy"],
        ),
        ("$..image", ["taskDefinition.containerDefinitions[api].image"], ["taskDefinition.cpu"]),
        ("$.taskDefinition..cpu", ["taskDefinition.cpu", "taskDefinition.containerDefinitions[api].cpu"], []),
        (
            "$.taskDefinition.containerDefinitions['api']['dockerLabels']['a.b/c']",
            ["taskDefinition.containerDefinitions[api].dockerLabels[a.b/c]"],
            ["taskDefinition.containerDefinitions[api].dockerLabels[a]"],
        ),
        (
            "serviceDefinition.networkConfiguration.awsvpcConfiguration.securityGroups[sg-1]",
            ["service.networkConfiguration.awsvpcConfiguration.securityGroups[sg-1]"],
            ["service.networkConfiguration.awsvpcConfiguration.securityGroups[sg-12]"],
        ),
        (f"{ENV[:-12]}.command[0]", [f"{ENV[:-12]}.command[0]"], [f"{ENV[:-12]}.command[1]"]),
        ("service.deploymentConfiguration.*", ["service.deploymentConfiguration.maximumPercent"], ["service.x"]),
    ],
)
def test_a_path_passes_over_what_it_names_and_nothing_else(written, passes, keeps):
    faults = []
    (pattern,) = ignored([written], faults)
    assert faults == []
    assert [path for path in (*passes, *keeps) if matches(path, pattern)] == passes
    owns = excepting(("taskDefinition", "service"), (pattern,))
    assert [path for path in (*passes, *keeps) if not is_under(path, owns)] == passes


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (
            "$.taskDefinition.containerDefinitons[*].image",
            "'containerDefinitons' is not a field of AWS's; did you mean",
        ),
        ("taskDefinition", "is everything: leave out what is not yours, or say `mode: observe`"),
        ("definition.cpu", "begins with neither taskDefinition nor serviceDefinition nor service"),
        ("$.taskDefinition.containerDefinitions[?@.image=='x'].cpu", "are named by name, not by 'image'"),
        ("$.taskDefinition.cpu[", "cannot be read from '[' on"),
        ("$.service.netwrkConfiguration", "did you mean 'networkConfiguration'?"),
    ],
)
def test_a_path_that_could_match_nothing_is_refused(written, what):
    faults = []
    ignored([written], faults)
    assert len(faults) == 1
    assert what in faults[0].what
    assert faults[0].path == ("ignore", 0, "path")


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_the_path_of_an_item_matches_itself_alone(one, other):
    path, second = bracket("taskDefinition.volumes", one), bracket("taskDefinition.volumes", other)
    if "*" not in one:
        assert matches(path, path)
        assert matches(f"{path}.host", path)
        assert matches(second, path) == (one == other)
