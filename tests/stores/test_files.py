"""On which file systems a store may lie."""

from pathlib import Path

import pytest

from controller.errors import Refusal
from controller.stores import files
from controller.stores.files import refuse_network

MOUNTS = """\
/dev/vda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
tmpfs /data tmpfs rw 0 0
fs-0123.efs.eu-west-1.amazonaws.com:/ /data/efs nfs4 rw,vers=4.1 0 0
/dev/vdb /data/efs/local ext4 rw 0 0
//server/share /mnt/team\\040share cifs rw 0 0
bucket /mnt/s3 fuse.s3fs rw 0 0
server:/old /srv nfs rw 0 0
/dev/vdc /srv xfs rw 0 0
nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/efs/trueup.db", "nfs4"),
        ("/data/efs/deep/er/trueup.db", "nfs4"),
        ("/mnt/team share/trueup.db", "cifs"),
        ("/mnt/s3/trueup.db", "fuse.s3fs"),
        ("/data/other/../efs/trueup.db", "nfs4"),
    ],
)
def test_a_network_file_system_is_refused_by_name(path, kind):
    with pytest.raises(Refusal, match=rf"network file system \({kind}\)"):
        refuse_network(Path(path), MOUNTS)


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/trueup.db",
        "/data/trueup.db",
        "/data/efs/local/trueup.db",
        "/data/efs2/trueup.db",
        "/srv/trueup.db",
    ],
)
def test_a_local_disk_is_not(path):
    refuse_network(Path(path), MOUNTS)


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to("/data/efs")
    with pytest.raises(Refusal, match="nfs4"):
        refuse_network(tmp_path / "link" / "trueup.db", MOUNTS)


def test_this_machine_is_asked_when_nothing_is_given(tmp_path):
    refuse_network(tmp_path / "trueup.db")


def test_where_mounts_cannot_be_read_the_operator_is_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOUNTS", tmp_path / "nothing")
    refuse_network(Path("/data/efs/trueup.db"))
