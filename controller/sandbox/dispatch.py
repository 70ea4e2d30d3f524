"""One ECS request: faults, throttling, the operation under the world's lock, and the record of it."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from controller.sandbox import (
    distribution,
    ecr,
    logs,
    ops_clusters,
    ops_definitions,
    ops_release,
    ops_run,
    ops_services,
    ops_stories,
    ops_tasks,
)
from controller.sandbox.accept import accepted
from controller.sandbox.call import Answer, Call
from controller.sandbox.calls import CHANGING, Calls, result_of
from controller.sandbox.door import Reply
from controller.sandbox.faults import STORY_OPERATIONS, Faults
from controller.sandbox.native import Native, Refused, parsed
from controller.sandbox.past import Past
from controller.sandbox.throttle import Throttle
from controller.sandbox.trail import Trail
from controller.sandbox.wire import Asked, Protocol, written
from controller.sandbox.world import World

OPERATIONS: Mapping[str, Callable[[Call], Answer]] = {
    "CreateCluster": ops_clusters.create_cluster,
    "DescribeClusters": ops_clusters.describe_clusters,
    "ListClusters": ops_clusters.list_clusters,
    "DeleteCluster": ops_clusters.delete_cluster,
    "TagResource": ops_clusters.tag_resource,
    "UntagResource": ops_clusters.untag_resource,
    "ListTagsForResource": ops_clusters.list_tags_for_resource,
    "RegisterTaskDefinition": ops_definitions.register_task_definition,
    "DescribeTaskDefinition": ops_definitions.describe_task_definition,
    "DeregisterTaskDefinition": ops_definitions.deregister_task_definition,
    "DeleteTaskDefinitions": ops_definitions.delete_task_definitions,
    "ListTaskDefinitions": ops_definitions.list_task_definitions,
    "ListTaskDefinitionFamilies": ops_definitions.list_task_definition_families,
    "CreateService": ops_release.create_service,
    "UpdateService": ops_release.update_service,
    "DeleteService": ops_services.delete_service,
    "DescribeServices": ops_services.describe_services,
    "ListServices": ops_services.list_services,
    "ListServiceDeployments": ops_stories.list_service_deployments,
    "DescribeServiceDeployments": ops_stories.describe_service_deployments,
    "StopServiceDeployment": ops_stories.stop_service_deployment,
    "ContinueServiceDeployment": ops_stories.continue_service_deployment,
    "DescribeServiceRevisions": ops_stories.describe_service_revisions,
    "ListTasks": ops_tasks.list_tasks,
    "DescribeTasks": ops_tasks.describe_tasks,
    "RunTask": ops_run.run_task,
    "StopTask": ops_tasks.stop_task,
}


@dataclass(slots=True, kw_only=True)
class Desk:
    """Where ECS requests are served."""

    world: World
    faults: Faults = field(default_factory=Faults)
    throttle: Throttle = field(default_factory=Throttle)
    calls: Calls = field(default_factory=Calls)
    past: Past = field(default_factory=Past)
    uploads: distribution.Uploads = field(default_factory=distribution.Uploads)
    trail: Trail = field(default_factory=Trail)
    catch_up: Callable[[], None] = lambda: None

    def serve(self, operation: str, account: str, region: str, body: bytes) -> Reply:
        """Answer one request; never raises for what a client can send."""
        delay = self.faults.delay(operation)
        if delay:
            time.sleep(delay)
        with self.world.lock:
            self.catch_up()
            self.calls.count(operation)
            try:
                params = parsed(body)
            except Refused as refused:
                return _refusal(refused)
            try:
                answer = self._answer(operation, account, region, params)
            except Refused as refused:
                self._note(operation, (account, region), params, refused.code)
                return _refusal(refused)
            lost = self.faults.loses(operation)
            self._note(operation, (account, region), params, "lost" if lost else "done", answer)
            return Reply(status=200, body=json.dumps(answer).encode(), lost=lost)

    def other(self, request: Asked) -> Reply | None:
        """Count a call to another service, and fail or lose it, before any effect, if a fault says so.

        None lets it pass.
        """
        operation = request.operation
        if not operation:
            return None
        with self.world.lock:
            self.catch_up()
            self.calls.count(operation)
            refused = self.faults.refusal(operation)
            lost = refused is None and self.faults.loses(operation)
        delay = self.faults.delay(operation)
        if delay:
            time.sleep(delay)
        if refused is not None:
            return Reply(status=refused.status, body=written(refused, request.protocol))
        return Reply(status=500, body=b"", lost=True) if lost else None

    def registry(self, operation: str, where: tuple[str, str], endpoint: str, body: bytes) -> Reply | None:
        """Answer one request to ECR from this account and region; None for what is not played here."""
        account, region = where
        with self.world.lock:
            try:
                asking = ecr.Asking(
                    world=self.world, account=account, region=region, params=parsed(body), endpoint=endpoint
                )
                answer = ecr.perform(operation, asking)
            except Refused as refused:
                return _refusal(refused)
        return None if answer is None else Reply(status=200, body=json.dumps(answer).encode())

    def logs(self, account: str, region: str, body: bytes) -> Reply:
        """Answer GetLogEvents of CloudWatch Logs."""
        with self.world.lock:
            try:
                answer = logs.get_log_events(self.world.region(account, region), parsed(body), self.world.now())
            except Refused as refused:
                return _refusal(refused)
        return Reply(status=200, body=json.dumps(answer).encode())

    def images(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request to a registry over HTTP; it is counted, and fails, as `registry:GET`."""
        failed = self.other(Asked(operation=f"registry:{method}", protocol=Protocol.JSON))
        if failed is not None:
            return failed
        with self.world.lock:
            return distribution.serve(self.world, self.uploads, method, path, headers, body)

    def clear(self) -> None:
        """Forget faults, buckets and calls."""
        self.trail.clear()
        self.faults, self.throttle, self.calls, self.past = Faults(), Throttle(), Calls(), Past()

    def _answer(self, operation: str, account: str, region: str, params: Native) -> Answer:
        perform = OPERATIONS.get(operation)
        if perform is None or operation in self.faults.missing:
            raise Refused("UnknownOperationException", f"The operation {operation} is not known.")
        refused = self.faults.refusal(operation)
        if refused is not None:
            raise refused
        if self.faults.throttle:
            self.throttle.take(account, region, operation, self.world.now())
        call = Call(
            world=self.world,
            region=self.world.region(account, region),
            params=accepted(operation, params),
            with_stories=not self.faults.missing.intersection(STORY_OPERATIONS),
            past=self.past,
        )
        answer = perform(call)
        if operation in CHANGING:
            self.past.record(self.world)
        return answer

    def _note(
        self, operation: str, where: tuple[str, str], params: Native, outcome: str, answer: Answer | None = None
    ) -> None:
        if outcome == "ThrottlingException":
            self.calls.throttled[operation] += 1
        if operation in CHANGING:
            entry = self.calls.note(operation, where, params, self.world.now(), outcome)
            entry.update(result_of(answer or {}))


def _refusal(refused: Refused) -> Reply:
    return Reply(status=refused.status, body=written(refused, Protocol.JSON))
