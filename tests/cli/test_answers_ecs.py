"""`approve` and `reject` end a pause of ECS's own: trueup, command by command, before the embedded ECS."""

import pytest

from controller.app.sandbox import seeds_of
from controller.codes import BLOCKED, DONE
from tests.e2e.cloud import Cloud, Eye
from tests.e2e.environments import environment

OLD, NEW = "v1.2.2", "v1.2.3"
PAUSED = """serviceDefinition:
  serviceConnectConfiguration: {enabled: true, namespace: unifocus}
  deploymentConfiguration:
    strategy: BLUE_GREEN
    bakeTimeInMinutes: 0
    lifecycleHooks:
      - targetType: PAUSE
        lifecycleStages: [POST_TEST_TRAFFIC_SHIFT]
        timeoutConfiguration: {timeoutInMinutes: 600, action: ROLLBACK}"""


class Life:
    """One target whose releases stand in a pause until somebody answers."""

    def __init__(self, folder, cloud, trueup):
        self.folder, self.cloud, self.trueup = folder, cloud, trueup
        self.eye = Eye(cloud.endpoint_url)
        (folder / "specs").mkdir()
        self.specs(NEW)
        cloud.seed(seeds_of(folder / "specs"))
        self.specs(OLD)
        self.turns(4)
        assert self.eye.running() == OLD

    def specs(self, version):
        text = environment("prod", version, bake="0s", deadline="10h", more=PAUSED)
        (self.folder / "specs" / "prod.yaml").write_text(text)

    def turns(self, times, seconds=60):
        for _ in range(times):
            self("run", "--once", "--repo", str(self.folder), "--endpoint-url", self.cloud.endpoint_url)
            self.cloud.tick(seconds)

    def __call__(self, *args):
        return self.trueup(*args, "--store", f"sqlite:///{self.folder}/trueup.db")

    def waits(self):
        self.specs(NEW)
        for _ in range(20):
            self.turns(1)
            if "waits for an answer" in (told := self("why", "prod", "api").out):
                return told
        raise AssertionError(told)


@pytest.fixture
def life(trueup, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with Cloud(speed=0) as cloud:
        made = Life(tmp_path, cloud, trueup)
        yield made
        made.eye.close()


def test_a_release_stands_until_it_is_approved_and_then_goes_on(life):
    told = life.waits()
    assert "waits for an answer at POST_TEST_TRAFFIC_SHIFT until " in told
    assert f", then rollback: trueup approve prod api {NEW}\n" in told
    life.turns(3)
    assert life.cloud.asked("ContinueServiceDeployment") == 0
    assert life("approve", "prod", "api", NEW).code == DONE
    life.turns(12)
    assert life.eye.running() == NEW and life.cloud.asked("ContinueServiceDeployment") == 1
    said = life("approve", "prod", "api", NEW)
    assert said.code == BLOCKED and "nothing of prod/api waits for an answer" in said.err


def test_a_release_that_is_rejected_goes_back_and_stays_there(life):
    life.waits()
    assert life("reject", "prod", "api", NEW, "--reason", "the totals are wrong", "--as", "ana").code == DONE
    life.turns(16)
    assert life.eye.running() == OLD and life.cloud.asked("ContinueServiceDeployment") == 0
    told = life("why", "prod", "api").out
    assert "rejected by ana at POST_TEST_TRAFFIC_SHIFT: the totals are wrong" in told
    assert "waits for an answer" not in told
