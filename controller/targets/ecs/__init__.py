"""The ECS kind: a service, brought to a task definition and the service fields that start a deployment."""
