"""Whether what a release names is there and can be read; nothing is changed, and nothing is decrypted."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from controller.model.checked import Answered, Checked
from controller.model.desired import DesiredTarget
from controller.model.names import TargetName
from controller.ports import Registries
from controller.targets.ecs import verify_ground as ground
from controller.targets.ecs.client import Clients
from controller.targets.ecs.manifest import read_shape
from controller.targets.ecs.verify_ask import Asking, Grounds
from controller.targets.ecs.verify_images import image
from controller.targets.ecs.verify_names import Named, What, named_by
from controller.targets.ecs.verify_roles import pass_role, role
from controller.targets.ecs.verify_secrets import secret

Check: TypeAlias = Callable[[Named, Grounds], Answered]

CHECKS: Final[Mapping[What, Check]] = MappingProxyType({
    What.IMAGE: image,
    What.TASK_ROLE: role,
    What.EXECUTION_ROLE: role,
    What.PASS_ROLE: pass_role,
    What.SECRET: secret,
    What.LOG_GROUP: ground.log_group,
    What.ENV_FILE: ground.environment_file,
    What.FILE_SYSTEM: ground.file_system,
    What.SUBNET: ground.subnet,
    What.SECURITY_GROUP: ground.security_group,
    What.TARGET_GROUP: ground.target_group,
})  # fmt: skip


class Verifying:
    """Checks targets; what several of them name is asked for once."""

    def __init__(self, clients: Clients, registries: Registries | None = None) -> None:
        self._ask = Asking(clients)
        self._registries = registries

    def check(self, target: TargetName, want: DesiredTarget) -> tuple[Checked, ...]:
        """Check everything that the release and the settings of a target name, each name once."""
        definition, deploys = read_shape(str(want.release.shape))
        settings = json.loads(want.settings.shape) if want.settings else {}
        grounds = Grounds(
            place=want.place,
            definition=definition,
            service={**settings, **deploys},
            ask=self._ask,
            registries=self._registries,
        )
        once: dict[tuple[What, str], Named] = {}
        for named in named_by(definition, grounds.service):
            once.setdefault((named.what, named.name), named)
        order = list(CHECKS)
        return tuple(
            Checked(
                target=target,
                what=named.what.value,
                name=named.name,
                where=named.where,
                answer=CHECKS[named.what](named, grounds),
            )
            for named in sorted(once.values(), key=lambda one: order.index(one.what))
        )
