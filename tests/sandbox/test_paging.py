"""Lists come in pages, as AWS cuts them."""

from datetime import timedelta

from controller.sandbox.server import Sandbox
from tests.sandbox.rig import Rig, a_seed


def test_services_come_ten_a_page_unless_asked_otherwise():
    with Sandbox(speed=0) as sandbox:
        sandbox.seed(a_seed(service=f"s{n:02}", family=f"f{n:02}") for n in range(23))
        rig = Rig(sandbox)
        first = rig.ecs.list_services(cluster="prod")
        assert len(first["serviceArns"]) == 10
        assert "nextToken" in first
        pages = list(rig.ecs.get_paginator("list_services").paginate(cluster="prod"))
        assert [len(page["serviceArns"]) for page in pages] == [10, 10, 3]
        names = [arn.rsplit("/", 1)[1] for page in pages for arn in page["serviceArns"]]
        assert names == [f"s{n:02}" for n in range(23)]
        assert len(rig.ecs.list_services(cluster="prod", maxResults=100)["serviceArns"]) == 23
        ten = rig.ecs.describe_services(cluster="prod", services=names[:10])["services"]
        assert [service["serviceName"] for service in ten] == names[:10]
        rig.close()


def test_tasks_come_in_pages_and_by_status(rig):
    rig.ecs.update_service(cluster="prod", service="api", desiredCount=7)
    rig.tick(60)
    pages = rig.ecs.get_paginator("list_tasks").paginate(cluster="prod", PaginationConfig={"PageSize": 3})
    assert [len(page["taskArns"]) for page in pages] == [3, 3, 1]
    rig.release("v1.2.3")
    rig.until("SUCCESSFUL")
    assert len(rig.tasks("STOPPED")) == 7
    assert rig.tasks("PENDING") == []
    primary = rig.service()["deployments"][0]["id"]
    assert len(rig.ecs.list_tasks(cluster="prod", startedBy=primary)["taskArns"]) == 7
    rig.tick(3700)
    assert rig.tasks("STOPPED") == []


def test_service_deployments_are_filtered_by_state_and_time_and_paged(rig):
    for patch in range(4):
        rig.release(f"v1.3.{patch}")
        rig.until("SUCCESSFUL")
    rig.release("v1.4.0")
    asked = {"cluster": "prod", "service": "api"}
    everything = rig.ecs.list_service_deployments(**asked)["serviceDeployments"]
    assert len(everything) == 6
    stamps = [story["createdAt"] for story in everything]
    assert stamps == sorted(stamps, reverse=True)
    done = rig.ecs.list_service_deployments(**asked, status=["SUCCESSFUL"])["serviceDeployments"]
    assert [story["status"] for story in done] == ["SUCCESSFUL"] * 5
    newest = rig.ecs.list_service_deployments(**asked, createdAt={"after": stamps[1]})["serviceDeployments"]
    assert [story["createdAt"] for story in newest] == stamps[:2]
    oldest = rig.ecs.list_service_deployments(**asked, createdAt={"before": stamps[5] + timedelta(seconds=1)})
    assert [story["createdAt"] for story in oldest["serviceDeployments"]] == stamps[5:]
    first = rig.ecs.list_service_deployments(**asked, maxResults=4)
    rest = rig.ecs.list_service_deployments(**asked, maxResults=4, nextToken=first["nextToken"])
    assert [*first["serviceDeployments"], *rest["serviceDeployments"]] == everything
    assert "nextToken" not in rest
    assert "failures" not in first
