"""`trueup promote-image`: copy an image to another repository under the same digest."""

import click

from controller.cli.flags import endpoint_option


@click.command("promote-image")
@click.argument("source", metavar="SOURCE_REF")
@click.argument("to", metavar="DEST_REPO[:TAG]")
@click.option("--dry-run", is_flag=True, help="Say what would be copied; push nothing.")
@click.option("--replace-tag", is_flag=True, help="Let the tag stand for this image though it stands for another.")
@click.option("--role", metavar="ARN", default=None, help="Role for the ECR registry that is copied to.")
@click.option("--source-role", metavar="ARN", default=None, help="Role for the ECR registry that is copied from.")
@endpoint_option
@click.option("--registries", metavar="LIST", help="Registries that may be asked.  [TRUEUP_REGISTRIES]")
@click.option(
    "--docker-config", metavar="FILE", help="Logins, as docker login writes them.  [TRUEUP_DOCKER_CONFIG]"
)
def command(
    source: str,
    to: str,
    dry_run: bool,
    replace_tag: bool,
    role: str | None,
    source_role: str | None,
    **flags: object,
) -> int:
    """Copy an image, an index with all its platforms, so that the digest stays the same.

    \b
    Example:
      trueup promote-image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/api-stage:v1.2.3 \\
                           444455556666.dkr.ecr.eu-west-1.amazonaws.com/api-prod

    Without a TAG it keeps the one that it has. Nothing is done if it is there already. Between repositories of one
    registry nothing is downloaded. The controller itself never copies an image.

    Exit codes: 0 it is there, 1 with --dry-run if it is not, 4 if the tag stands for another image.
    """  # noqa: D301  click's own mark for text that is not rewrapped
    from controller.app.promote import Wish, promote, size_of
    from controller.codes import DONE, NEGATIVE
    from controller.options import read

    wish = Wish(source=source, to=to, source_role=source_role, role=role, replace_tag=replace_tag, dry_run=dry_run)
    done = promote(wish, read(flags), lambda line: click.echo(f"  {line}"))
    named = f"{done.image} (tag {done.tag})" if done.tag else f"{done.image} (without a tag)"
    if done.was_there:
        click.echo(f"{named} is there already")
        return DONE
    what = f"{done.manifests} manifests and {done.blobs} blobs, {size_of(done.size)}"
    if dry_run:
        click.echo(f"{named} is not there; {what} would be copied")
        return NEGATIVE
    click.echo(f"{named} is there now: {what} were copied")
    return DONE
