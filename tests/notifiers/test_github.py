"""GitHub: a deployment of each rollout, its states, and a status of the commit."""

import pytest

from controller.errors import AccessError, PlatformError, Refusal
from controller.notifiers.github import About, Github
from tests.notifiers.receiving import a_message, receiving, tools

SHA = "c" * 40
REPO = "/repos/acme/releases"
DEPLOYED = f"{REPO}/deployments?environment=prod%2Fapi&sha={SHA}&task=deploy%3Atrueup-3&per_page=1"


@pytest.fixture
def receiver():
    with receiving() as found:
        found.by_path = {
            f"{REPO}/deployments": (201, {"id": 42}),
            f"{REPO}/deployments/42/statuses": (201, {"id": 1}),
            f"{REPO}/statuses/{SHA}": (201, {"id": 2}),
            f"{REPO}/commits/v1.4.0": (200, {"sha": SHA}),
        }
        found.by_path[DEPLOYED] = (200, [])
        yield found


def notifier(receiver, **how):
    return Github(repository="acme/releases", **how).opened(tools(github=receiver.url))


def test_the_first_message_of_a_rollout_makes_its_deployment(receiver):
    thread = notifier(receiver).send(a_message(transition="started"), "")
    asked, made, status, state = receiver.requests
    assert asked.path == DEPLOYED
    assert thread == f"42:{SHA}"
    assert made.json["ref"] == SHA and made.json["environment"] == "prod/api"
    assert (made.json["auto_merge"], made.json["required_contexts"]) == (False, [])
    assert made.headers["authorization"] == "Bearer gh-token"
    assert (status.json["state"], status.json["context"]) == ("pending", "trueup/prod/api")
    assert state.json["state"] == "in_progress"


@pytest.mark.parametrize(
    ("transition", "commit", "deployment"),
    [("good", "success", "success"), ("went_back", "failure", "failure"), ("stalled", "error", "error")],
)
def test_how_it_ended_is_said_of_the_same_deployment(receiver, transition, commit, deployment):
    message = a_message(transition=transition, facts={}, title="x" * 200)
    assert notifier(receiver).send(message, f"42:{SHA}") == f"42:{SHA}"
    status, state = receiver.requests
    assert (status.json["state"], state.json["state"]) == (commit, deployment)
    assert len(status.json["description"]) == len(state.json["description"]) == 140


def test_the_commit_of_the_application_is_that_of_its_tag(receiver):
    own = {"token_file": "own"}
    notifier(receiver, commit=About.APPLICATION, **own).send(a_message(facts={}), "")
    assert receiver.requests[0].path == f"{REPO}/commits/v1.4.0"
    assert receiver.requests[0].headers["authorization"] == "Bearer own"


def test_what_has_no_state_there_is_passed_over(receiver):
    made = notifier(receiver)
    assert made.send(a_message(transition="approval"), "") == ""
    assert made.send(a_message(target=None), "") == ""
    assert receiver.requests == []


def test_a_commit_that_is_not_known_is_refused_and_nothing_is_made(receiver):
    with pytest.raises(Refusal, match="not known which commit"):
        notifier(receiver).send(a_message(facts={}), "")
    receiver.by_path[f"{REPO}/commits/v9"] = (404, {"message": "Not Found"})
    with pytest.raises(AccessError, match="answers 404"):
        notifier(receiver, commit=About.APPLICATION).send(a_message(version="v9"), "")
    assert not [one for one in receiver.requests if one.method == "POST"]


def test_a_deployment_that_was_made_before_a_crash_is_not_made_again(receiver):
    receiver.by_path[DEPLOYED] = (200, [{"id": 42}])
    assert notifier(receiver).send(a_message(), "") == f"42:{SHA}"
    assert not [one for one in receiver.requests if one.path == f"{REPO}/deployments"]


@pytest.mark.parametrize("said", [{}, {"id": "42"}, b"[]", b"no json"])
def test_an_answer_that_is_none_is_tried_again(receiver, said):
    receiver.by_path[f"{REPO}/deployments"] = (201, said)
    with pytest.raises(PlatformError):
        notifier(receiver).send(a_message(), "")


def test_an_attempt_of_a_group_is_one_deployment(receiver):
    task = "deploy:trueup-20260131T100211Z"
    asked = DEPLOYED.replace("prod%2Fapi", "prod%2Funifocus").replace("trueup-3", "trueup-20260131T100211Z")
    receiver.by_path[asked] = (200, [])
    message = a_message(transition="started", target="unifocus", rollout=0, attempt="20260131T100211Z")
    assert notifier(receiver).send(message, "") == f"42:{SHA}"
    assert (receiver.requests[0].path, receiver.requests[1].json["task"]) == (asked, task)
