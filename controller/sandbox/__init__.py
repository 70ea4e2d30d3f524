"""The embedded ECS: moto's server with an ECS that moves. Start it with `controller.sandbox.server`."""
