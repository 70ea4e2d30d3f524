"""What Terraform has to be told so that it lives beside trueup: as HCL to paste."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from controller.targets.ecs.native import Native

_WORDS: Final = ("terraform", "opentofu", "tofu", "terragrunt")


def seems_terraform(service: "Native") -> str:
    """Give the tag by which a service says that Terraform made it; empty if none does."""
    from controller.targets.ecs.native import parts, text

    for tag in parts(service, "tags"):
        key, value = text(tag, "key"), text(tag, "value")
        if any(word in f"{key} {value}".lower() for word in _WORDS) and value.lower() not in {"false", "no"}:
            return f"{key}={value}"
    return ""


def hint(target: str, *, by: str) -> str:
    """Give what is to stand in Terraform's files for one service; `by` is the tag that says it is managed there."""
    name = target.replace("-", "_")
    said = f"tagged {by}" if by else "if Terraform manages it"
    return "\n".join((
        f'resource "aws_ecs_service" "{name}" {{   # {said}',
        "  lifecycle { ignore_changes = [task_definition, desired_count] }",
        "}",
        f'resource "aws_ecs_task_definition" "{name}" {{',
        "  skip_destroy = true",
        "}",
    ))  # fmt: skip
