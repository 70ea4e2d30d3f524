"""The repository that images are built from: of the environment, or of a target that says otherwise."""

import pytest

from controller.model.application import Application
from tests.spec.worlds import DEFAULTS, HEAD, compiled, lines, one_file, said, target

SHOP = "https://git.example.com/acme/shop"


def test_it_is_laid_under_every_target_and_a_target_may_say_otherwise():
    head = f"{HEAD}  application: {{repository: {SHOP}, branch: trunk}}\n{DEFAULTS}"
    of = compiled(
        one_file(
            lines("api"),
            lines("web", application="{repository: 'git@git.example.com:acme/web.git'}"),
            lines("job", application="{branch: release/2.x}"),
            head=head,
        )
    )
    assert target(of).application == Application(repository=SHOP, branch="trunk")
    assert target(of, "web").application == Application(
        repository="git@git.example.com:acme/web.git", branch="trunk"
    )
    assert target(of, "job").application == Application(repository=SHOP, branch="release/2.x")
    assert target(compiled(one_file(lines("api")))).application is None


@pytest.mark.parametrize(
    ("written", "where", "why"),
    [
        ("{repository: 'https://me:hush@git.lan/x'}", "repository", "holds a user name or a password"),
        ("{repository: 'ext::sh -c true'}", "repository", "is not the address of a git repository"),
        ("{repository: '--upload-pack=x'}", "repository", "is not the address of a git repository"),
        ("{repository: ''}", "repository", "is not the address of a git repository"),
        ("{branch: main}", "repository", "is missing"),
        (f"{{repository: {SHOP}, branch: -x}}", "branch", "is not a branch"),
        (f"{{repository: {SHOP}, token: x}}", "token", "unknown field"),
        (SHOP, "", "must be a mapping"),
    ],
)
def test_what_is_no_repository_is_refused_and_a_password_is_not_repeated(written, where, why):
    (complaint,) = said(compiled(one_file(lines("api", application=written))))
    assert f"targets.api.application{f'.{where}' if where else ''}: " in complaint
    assert why in complaint and "hush" not in complaint
