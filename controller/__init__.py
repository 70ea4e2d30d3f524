"""A release controller for Amazon ECS."""
