"""SNS: against moto, and how its errors are meant."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from controller.errors import AccessError, PlatformError, Refusal
from controller.notifiers.sns import Sns
from tests.notifiers.receiving import a_message, tools


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield lambda region: boto3.client("sns", region_name=region)


def subscribed(aws, topic, policy=None, **queue):
    """A queue that gets what is published."""
    sqs = boto3.client("sqs", region_name="eu-west-1")
    url = sqs.create_queue(QueueName="people.fifo" if queue else "people", Attributes=queue)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {"RawMessageDelivery": "true"} | ({"FilterPolicy": json.dumps(policy)} if policy else {})
    aws("eu-west-1").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return lambda: [
        json.loads(one["Body"])
        for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]


def test_a_message_reaches_who_filters_for_it(aws):
    topic = aws("eu-west-1").create_topic(Name="releases")["TopicArn"]
    got = subscribed(aws, topic, {"occasions": ["after"], "environment": ["prod"], "owners": ["payments"]})
    made = Sns(topic=topic).opened(tools(sns=aws))
    made.send(a_message(), "")
    made.send(a_message(env="stage"), "")
    (event,) = got()
    assert (event["id"], event["data"]["transition"]) == ("msg_0123456789abcdef0123456789abcdef", "went_back")


def test_a_fifo_topic_drops_what_it_has_had(aws):
    fifo = {"FifoTopic": "true"}
    topic = aws("eu-west-1").create_topic(Name="releases.fifo", Attributes=fifo)["TopicArn"]
    got = subscribed(aws, topic, FifoQueue="true")
    made = Sns(topic=topic).opened(tools(sns=aws))
    made.send(a_message(), "")
    made.send(a_message(), "")
    assert [event["id"] for event in got()] == ["msg_0123456789abcdef0123456789abcdef"]


def test_a_topic_that_is_not_there_is_a_matter_of_access(aws):
    made = Sns(topic="arn:aws:sns:eu-west-1:123456789012:nowhere").opened(tools(sns=aws))
    with pytest.raises(AccessError, match="SNS says"):
        made.send(a_message(), "")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ClientError({"Error": {"Code": "Throttling"}}, "Publish"), PlatformError),
        (ClientError({"Error": {"Code": "InternalError"}}, "Publish"), PlatformError),
        (ClientError({"Error": {"Code": "AuthorizationError"}}, "Publish"), AccessError),
        (ClientError({"Error": {"Code": "InvalidParameter"}}, "Publish"), Refusal),
        (EndpointConnectionError(endpoint_url="https://sns"), PlatformError),
    ],
)
def test_each_error_means_what_becomes_of_the_message(error, kind):
    class Fails:
        def publish(self, **_request):
            raise error

    made = Sns(topic="arn:aws:sns:eu-west-1:123456789012:releases").opened(tools(sns=lambda region: Fails()))
    with pytest.raises(kind):
        made.send(a_message(title="Größe: 🚀" * 40), "")


def test_a_subject_is_short_and_plain(aws):
    seen = []

    class Keeps:
        def publish(self, **request):
            seen.append(request)

    made = Sns(topic="arn:aws:sns:eu-west-1:123456789012:releases").opened(tools(sns=lambda region: Keeps()))
    made.send(a_message(title="Größe 🚀 " * 40), "")
    assert len(seen[0]["Subject"]) == 100 and seen[0]["Subject"].isascii()
