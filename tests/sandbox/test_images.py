"""What a task does is in its images' tags; how many failures trip the breaker is AWS's arithmetic."""

import pytest

from controller.sandbox.deployments import threshold
from controller.sandbox.images import Fate, Image, course_of, digest_of, tag_of


@pytest.mark.parametrize(
    ("reference", "tag"),
    [
        ("nginx", ""),
        ("nginx:1.27", "1.27"),
        ("localhost:5000/api", ""),
        ("localhost:5000/api:v1.2.3-crash", "v1.2.3-crash"),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/api:v1", "v1"),
        ("api:v1@sha256:abc", "v1"),
        ("crash/api@sha256:abc", ""),
    ],
)
def test_the_tag_of_a_reference(reference, tag):
    assert tag_of(reference) == tag


@pytest.mark.parametrize(
    ("tags", "fate", "culprit", "slow"),
    [
        (["v1.2.3"], Fate.SOUND, None, False),
        (["v1.2.3-crash"], Fate.CRASH, "c0", False),
        (["v1", "crashing"], Fate.CRASH, "c1", False),
        (["unhealthy", "pull-error"], Fate.PULL_ERROR, "c1", False),
        (["slow"], Fate.SOUND, None, True),
        (["v1-slow", "v1-unhealthy"], Fate.UNHEALTHY, "c1", True),
        (["gone"], Fate.PULL_ERROR, "c0", False),
    ],
)
def test_the_worst_tag_of_all_containers_decides(tags, fate, culprit, slow):
    images = [Image(container=f"c{place}", reference=f"r/x:{tag}") for place, tag in enumerate(tags)]
    course = course_of(images, unpullable=["gone"])
    assert (course.fate, course.slow) == (fate, slow)
    assert (course.culprit.container if course.culprit else None) == culprit


def test_a_repository_named_like_a_fate_works():
    assert course_of([Image(container="c", reference="crash-reporter/slow:v1")]).fate is Fate.SOUND


def test_a_reference_by_digest_keeps_its_digest_and_a_tag_gets_a_steady_one():
    assert digest_of("api@sha256:abc") == "sha256:abc"
    assert digest_of("api:v1") == digest_of("api:v1") != digest_of("api:v2")


@pytest.mark.parametrize(
    ("configured", "desired", "failures"),
    [
        ({}, 0, 3),
        ({}, 1, 3),
        ({}, 7, 4),
        ({}, 1000, 200),
        ({"type": "BOUNDED_PERCENT", "value": 20}, 20, 4),
        ({"type": "UNBOUNDED_PERCENT", "value": 50}, 2, 1),
        ({"type": "UNBOUNDED_PERCENT", "value": 50}, 1000, 500),
        ({"type": "COUNT", "value": 7}, 2, 7),
    ],
)
def test_the_breaker_trips_after_as_many_failures_as_aws_says(configured, desired, failures):
    breaker = {"enable": True, "rollback": True, **({"thresholdConfiguration": configured} if configured else {})}
    assert threshold({"deploymentConfiguration": {"deploymentCircuitBreaker": breaker}}, desired) == failures
