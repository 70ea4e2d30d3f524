"""The operations on task definitions."""

from controller.sandbox import defaults, validate
from controller.sandbox.call import Answer, Call, find_definition, page
from controller.sandbox.images import Image
from controller.sandbox.native import Native, client_error, invalid, parts, tag_list, tag_map, text, texts
from controller.sandbox.world import Definition, Region


def register_task_definition(call: Call) -> Answer:
    """RegisterTaskDefinition: always makes a new revision."""
    validate.check_definition(call.params)
    filled = defaults.filled_in(call.params, call.world.trouble.fills_in)
    one = register(call.region, filled, call.world.stamp())
    answer: Answer = {"taskDefinition": one.body}
    if one.tags:
        answer["tags"] = tag_list(one.tags)
    return answer


def register(region: Region, request: Native, at: float) -> Definition:
    """Make the next revision of a family."""
    family = text(request, "family")
    revisions = region.families.setdefault(family, {})
    number = max(revisions, default=0) + 1
    arn = region.arn(f"task-definition/{family}:{number}")
    body: dict[str, object] = {
        "taskDefinitionArn": arn,
        **defaults.complete(request, region.account),
        "revision": number,
        "status": "ACTIVE",
        "registeredAt": at,
        "registeredBy": f"arn:aws:iam::{region.account}:root",
    }
    images = tuple(
        Image(container=text(container, "name"), reference=text(container, "image"))
        for container in parts(request, "containerDefinitions")
    )
    tags = tag_map(parts(request, "tags"))
    one = Definition(arn=arn, family=family, revision=number, body=body, images=images, tags=tags)
    revisions[number] = one
    return one


def describe_task_definition(call: Call) -> Answer:
    """DescribeTaskDefinition; tags only when they are asked for."""
    one = find_definition(call.region, text(call.params, "taskDefinition"))
    if one is None:
        raise client_error("Unable to describe task definition.")
    answer: Answer = {"taskDefinition": one.body}
    if "TAGS" in texts(call.params, "include"):
        answer["tags"] = tag_list(one.tags)
    return answer


def deregister_task_definition(call: Call) -> Answer:
    """DeregisterTaskDefinition: INACTIVE from now on; what runs it keeps it."""
    name = text(call.params, "taskDefinition")
    if ":" not in name.rsplit("/", 1)[-1]:
        raise client_error("Revision is missing.")
    one = find_definition(call.region, name)
    if one is None:
        raise client_error("The specified task definition does not exist.")
    one.body = {**one.body, "status": "INACTIVE", "deregisteredAt": call.world.stamp()}
    return {"taskDefinition": one.body}


def delete_task_definitions(call: Call) -> Answer:
    """DeleteTaskDefinitions: only INACTIVE ones."""
    deleted, failures = [], []
    for name in texts(call.params, "taskDefinitions"):
        one = find_definition(call.region, name)
        if one is None:
            failures.append({"arn": name, "reason": "The specified task definition does not exist."})
        elif one.active:
            reason = "The specified task definition is still in ACTIVE status. Please deregister it and try again."
            failures.append({"arn": one.arn, "reason": reason})
        else:
            one.body = {**one.body, "status": "DELETE_IN_PROGRESS", "deleteRequestedAt": call.world.stamp()}
            deleted.append(one.body)
    return {"taskDefinitions": deleted, "failures": failures}


def list_task_definitions(call: Call) -> Answer:
    """ListTaskDefinitions: by family, then by revision number; DESC turns both round."""
    family, status = text(call.params, "familyPrefix"), text(call.params, "status", "ACTIVE")
    chosen = [
        one
        for name, revisions in call.region.families.items()
        if family in {"", name}
        for one in revisions.values()
        if one.body.get("status") == status
    ]
    order = text(call.params, "sort", "ASC")
    if order not in {"ASC", "DESC"}:
        raise invalid("sort must be ASC or DESC.")
    chosen.sort(key=lambda one: (one.family, one.revision), reverse=order == "DESC")
    return page(call, [one.arn for one in chosen], "taskDefinitionArns")


def list_task_definition_families(call: Call) -> Answer:
    """ListTaskDefinitionFamilies: those whose name begins so, with an ACTIVE revision unless asked otherwise."""
    prefix, status = text(call.params, "familyPrefix"), text(call.params, "status", "ALL")
    families = sorted(
        name
        for name, revisions in call.region.families.items()
        if name.startswith(prefix)
        and (status == "ALL" or any(one.active for one in revisions.values()) == (status == "ACTIVE"))
    )
    return page(call, families, "families")
