"""`trueup replay`: decide a saved turn again."""

from pathlib import Path

import click

from controller.codes import DONE, NEGATIVE


@click.command("replay")
@click.argument(
    "files", nargs=-1, required=True, metavar="CYCLE.json...", type=click.Path(path_type=Path, exists=True)
)
@click.option("-q", "--quiet", is_flag=True, help="Print only what differs.")
def command(files: tuple[Path, ...], quiet: bool) -> int:
    """Decide turns again that `run --save-cycles DIR` saved, and compare the plans. Exit code 1 if one differs."""
    from controller.app.cycles import replayed

    differs = False
    for file in files:
        cycle, plan = replayed(file)
        same = plan == cycle.plan
        differs = differs or not same
        if quiet and same:
            continue
        found = "the same plan" if same else "ANOTHER plan"
        click.echo(f"{file}: {cycle.plan.env} at {cycle.now:%Y-%m-%dT%H:%M:%SZ}: {found}")
        for name, decision in sorted(plan.decisions.items()):
            before = cycle.plan.decisions.get(name)
            click.echo(f"  {name}: {decision.reason}")
            if before is not None and before != decision:
                click.echo(f"  {name}: was: {before.reason}")
    return NEGATIVE if differs else DONE
