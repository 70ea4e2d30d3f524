"""Names: strings that may not be mixed up."""

from typing import NewType

EnvName = NewType("EnvName", str)
TargetName = NewType("TargetName", str)
GroupName = NewType("GroupName", str)
Commit = NewType("Commit", str)
Digest = NewType("Digest", str)
Revision = NewType("Revision", str)
DeploymentId = NewType("DeploymentId", str)
ClaimKey = NewType("ClaimKey", str)
TaskId = NewType("TaskId", str)
