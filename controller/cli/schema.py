"""`trueup schema`: the JSON Schema of the spec, for editors."""

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the spec.

    In an editor: put `# yaml-language-server: $schema=trueup.schema.json` on the first line of a spec.
    """
    from controller.app.specs import schema

    click.echo(json.dumps(schema(), indent=2))
