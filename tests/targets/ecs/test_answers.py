"""An answer that is not the wanted one says who must act, and whether it may have happened all the same."""

import pytest
from botocore import exceptions as sdk

from controller.targets.ecs.answers import Cause, cause_of, declined


def answer(code, message="no", status=400, operation="UpdateService"):
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return sdk.ClientError(response, operation)


@pytest.mark.parametrize(
    ("code", "message", "status", "cause"),
    [
        ("AccessDeniedException", "", 400, Cause.DENIED),
        ("UnrecognizedClientException", "", 400, Cause.DENIED),
        ("ExpiredTokenException", "", 400, Cause.DENIED),
        ("ThrottlingException", "Rate exceeded", 400, Cause.THROTTLED),
        ("Whatever", "", 429, Cause.THROTTLED),
        ("LimitExceededException", "", 400, Cause.QUOTA),
        ("ClientException", "Container.image should not be null or empty.", 400, Cause.CONTENT),
        ("ClientException", "TaskDefinition is inactive", 400, Cause.INACTIVE),
        ("ClientException", "Rate exceeded", 400, Cause.THROTTLED),
        ("ClientException", "Capacity is unavailable at this time", 400, Cause.CAPACITY),
        ("InvalidParameterException", "Unable to assume the service linked role.", 400, Cause.DENIED),
        ("PlatformTaskDefinitionIncompatibilityException", "", 400, Cause.CONTENT),
        ("ServiceNotFoundException", "", 400, Cause.GONE),
        ("ServiceNotActiveException", "", 400, Cause.GONE),
        ("ClusterNotFoundException", "", 400, Cause.NO_CLUSTER),
        ("ServerException", "", 500, Cause.PLATFORM),
        ("SomethingNew", "", 400, Cause.PLATFORM),
        ("com.amazon#ThrottlingException", "", 400, Cause.THROTTLED),
        ("UnknownOperationException", "", 400, Cause.NO_API),
        ("501", "<html>", 501, Cause.NO_API),
        ("500", "<!doctype html><title>500</title>", 500, Cause.NO_API),
        ("500", "upstream went away", 500, Cause.PLATFORM),
        ("503", "", 503, Cause.PLATFORM),
    ],
)
def test_an_answer_is_sorted_by_who_must_act(code, message, status, cause):
    assert cause_of(code, message, status) is cause


@pytest.mark.parametrize(
    ("error", "cause", "lost"),
    [
        (sdk.ReadTimeoutError(endpoint_url="x"), Cause.PLATFORM, True),
        (sdk.ConnectionClosedError(endpoint_url="x"), Cause.PLATFORM, True),
        (answer("ServerException", status=500), Cause.PLATFORM, True),
        (answer("504", status=504), Cause.PLATFORM, True),
        (sdk.ConnectTimeoutError(endpoint_url="x"), Cause.PLATFORM, False),
        (sdk.EndpointConnectionError(endpoint_url="x"), Cause.PLATFORM, False),
        (sdk.SSLError(endpoint_url="x", error="y"), Cause.PLATFORM, False),
        (sdk.NoCredentialsError(), Cause.DENIED, False),
        (sdk.ParamValidationError(report="x"), Cause.CONTENT, False),
        (answer("ThrottlingException"), Cause.THROTTLED, False),
        (answer("ClientException"), Cause.CONTENT, False),
        (ValueError("the answer is no JSON"), Cause.PLATFORM, True),
    ],
)
def test_only_what_may_have_arrived_is_lost(error, cause, lost):
    found = declined(error, "UpdateService", opened=True)
    assert (found.cause, found.lost) == (cause, lost)
    assert declined(error, "UpdateService", opened=False).lost is False


def test_a_sentence_names_the_call_and_what_was_said():
    found = declined(answer("AccessDeniedException", "User x may not"), "UpdateService")
    assert str(found) == "AWS does not allow UpdateService: AccessDeniedException: User x may not"
    assert found.code == "AccessDeniedException"


def test_what_is_ours_already_is_left_as_it_is():
    first = declined(answer("ThrottlingException"), "UpdateService")
    assert declined(first, "DescribeServices") is first
