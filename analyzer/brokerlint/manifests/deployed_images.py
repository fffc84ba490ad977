"""Images that a cloud template deploys: the Dockerfile behind a Lambda function, a task or an App Runner service.

Such a template names an image and no code; what the image holds and starts stands in a Dockerfile of the tree. Both
together are one service: name and variables by the template, folders and handler by the Dockerfile.
"""

from __future__ import annotations

from dataclasses import replace

from brokerlint.manifests.facts import ManifestFacts, ServiceFact
from brokerlint.manifests.images import by_image_name
from brokerlint.manifests.products import is_infrastructure
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.undeployed import built

_PLATFORMS = frozenset(("lambda", "ecs", "apprunner"))


def with_images(facts: ManifestFacts, tree: Tree) -> ManifestFacts:
    """The facts with each deployed image's program; an image that is deployed is no service by itself any more."""
    services: list[ServiceFact] = []
    deployed: set[str] = set()
    for service in facts.services:
        program = _program(service, tree)
        if program is not None:
            deployed.add(program.key)
        services.append(_alone(service) if program is None else _together(service, program))
    return replace(facts, services=tuple(one for one in services if one.key not in deployed))


def _program(service: ServiceFact, tree: Tree) -> ServiceFact | None:
    """What the Dockerfile that builds a service's image starts; None where the service has code or the tree no such
    Dockerfile."""
    if service.platform not in _PLATFORMS or service.handler:
        return None
    path: str | None = service.properties.get("dockerfile")
    if path is None and service.image and not is_infrastructure(service.image):
        path = by_image_name(tree, service.image) or by_image_name(tree, service.name)
    return built(path, tree) if path in tree.of("dockerfile") and path else None


def _alone(service: ServiceFact) -> ServiceFact:
    """A function whose image is built by what was not found; the template may tell its handler all the same."""
    handler, command = _handler(service)
    return service if service.handler or not handler else replace(service, handler=handler, command=command)


def _handler(service: ServiceFact) -> tuple[str, tuple[str, ...]]:
    """The handler that a function's command is, and the command without it."""
    command = service.command
    if service.platform == "lambda" and len(command) == 1 and "." in command[0]:
        return command[0].replace(".", "/", command[0].count(".") - 1), ()
    return "", command


def _together(service: ServiceFact, program: ServiceFact) -> ServiceFact:
    handler, command = _handler(service)
    return replace(
        service,
        roots=program.roots,
        command=command or program.command,
        handler=handler or program.handler,
        environment={**program.environment, **service.environment},
    )
