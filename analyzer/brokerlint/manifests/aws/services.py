"""Services that a template deploys, with their variables: Lambda functions, containers of ECS tasks, App Runner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from brokerlint.manifests.aws.resources import APP_RUNNER, FUNCTION, TASK, Estate, Resource, container_key
from brokerlint.manifests.facts import Concat, Hole, Reference, ServiceFact, Setting, Value
from brokerlint.manifests.products import repository
from brokerlint.manifests.terms import Term, parsed, pattern
from brokerlint.manifests.values import setting
from brokerlint.places import Place

TIMEOUT = 3
"""Seconds that a Lambda function may run where nothing is said, by the API's documentation."""

_IMAGE_WORDS = frozenset(
    "image images uri url arn repository repo ecr docker container tag version id name aws".split()
)
_SEPARATORS = "*-_./ "


def services(estate: Estate) -> Iterator[ServiceFact]:
    """The services of an estate."""
    for resource in estate.of_type(FUNCTION):
        yield _function(resource, estate)
    for resource in estate.of_type(TASK):
        for container in resource.get("ContainerDefinitions").elements():
            yield _container(resource, container, estate)
    for resource in estate.of_type(APP_RUNNER):
        yield _app_runner(resource, estate)


def _function(resource: Resource, estate: Estate) -> ServiceFact:
    properties: dict[str, Any] = {}
    for written, name in (("Timeout", "timeout"), ("ReservedConcurrentExecutions", "reserved_concurrency")):
        if resource.get(written):
            properties[name] = resource.get(written).plain()
    properties.setdefault("timeout", TIMEOUT)
    for written, name in (("Runtime", "runtime"), ("RecursiveLoop", "recursive_loop"), ("Dockerfile", "dockerfile")):
        if resource.get(written).text:
            properties[name] = resource.get(written).text
    physical = resource.get("FunctionName")
    if physical:
        properties["function_name"] = pattern(physical.value)
    return ServiceFact(
        resource.key,
        resource.get("ServiceName").text or service_name(physical, resource.logical),
        "lambda",
        resource.place,
        resource.roots,
        _words(resource.get("ImageConfig", "Command")),
        resource.get("Handler").text,
        _image(resource.get("Code", "ImageUri")),
        _variables(resource.get("Environment", "Variables"), resource.place.path, estate),
        resource.profile,
        properties,
    )


def service_name(name: Term, logical: str) -> str:
    """A service's name: the written one without its holes, else the logical id; the only function of a module is called
    like the module."""
    known = pattern(name.value).strip(_SEPARATORS) if name else ""
    return known if "*" not in known and len(known) > 2 else logical.removesuffix(".this")


def _image(term: Term) -> str:
    """An image's name; where the template does not tell it, the name of the variable or repository that holds it,
    without the words that only say so (``orders`` of ``var.orders_image_uri``)."""
    if not term:
        return ""
    written = pattern(term.value)
    if re.search(r"\w", repository(written)):
        return written
    for label in _holes(term.value):
        for word in reversed(re.split(r"[ .]", label)):
            telling = [part for part in re.split(r"[_-]", word) if part.lower() not in _IMAGE_WORDS]
            if telling:
                return "-".join(telling)
    return written


def _holes(value: Value) -> Iterator[str]:
    if isinstance(value, Hole):
        yield value.label
    elif isinstance(value, Concat):
        for part in value.parts:
            yield from _holes(part)


def _words(term: Term) -> tuple[str, ...]:
    return tuple(word.text for word in term.elements() if word.text)


def _variables(variables: Term, path: str, estate: Estate) -> dict[str, Setting]:
    return {
        name: setting(name, estate.settled(term.value), Place(path, term.line))
        for name, term in variables.items()
        if not term.is_mapping and not term.is_list
    }


def _container(task: Resource, container: Term, estate: Estate) -> ServiceFact:
    name = container.get("Name")
    image = _image(container.get("Image"))
    line = container.line or task.place.line
    command = _words(container.get("EntryPoint")) + _words(container.get("Command"))
    environment = _pairs(container.get("Environment"), "Value", task.place.path, estate)
    environment |= _secrets(container.get("Secrets"), task.place.path, estate)
    family = service_name(task.get("Family"), task.logical)
    return ServiceFact(
        container_key(task, container),
        service_name(name, family),
        "ecs",
        Place(task.place.path, line),
        task.roots,
        command,
        image=image,
        environment=environment,
        profile=task.profile,
        properties={"family": family},
    )


def _pairs(variables: Term, value: str, path: str, estate: Estate) -> dict[str, Setting]:
    """``[{Name: X, Value: y}]``."""
    return {
        entry.get("Name").text: setting(
            entry.get("Name").text, estate.settled(entry.get(value).value), Place(path, entry.line)
        )
        for entry in parsed(variables).elements()
        if entry.get("Name").text
    }


def _secrets(secrets: Term, path: str, estate: Estate) -> dict[str, Setting]:
    """Variables from the parameter store: only those whose parameter holds a channel are worth anything."""
    found: dict[str, Setting] = {}
    for entry in parsed(secrets).elements():
        held = _held(entry.get("ValueFrom"), estate)
        if entry.get("Name").text and held is not None:
            found[entry.get("Name").text] = Setting(estate.settled(held), Place(path, entry.line))
    return found


def _held(source: Term, estate: Estate) -> Value | None:
    """What the parameter at a path or ARN holds, when it is a channel."""
    parameter = estate.resource(source.value)
    path = re.sub(r"^arn:[^/]*:parameter(?=/)", "", pattern(source.value))
    for one in estate.of_type("AWS::SSM::Parameter"):
        if one is parameter or (path.strip("*/") and pattern(one.get("Name").value) == path):
            value = one.get("Value").value
            return value if isinstance(value, Reference) else None
    return None


def _app_runner(resource: Resource, estate: Estate) -> ServiceFact:
    source = resource.get("SourceConfiguration")
    image = source.get("ImageRepository")
    code = source.get("CodeRepository", "CodeConfiguration", "CodeConfigurationValues")
    configuration = image.get("ImageConfiguration") or code
    command = configuration.get("StartCommand").text
    return ServiceFact(
        resource.key,
        service_name(resource.get("ServiceName"), resource.logical),
        "apprunner",
        resource.place,
        resource.roots,
        tuple(command.split()),
        image=_image(image.get("ImageIdentifier")),
        environment=_pairs(configuration.get("RuntimeEnvironmentVariables"), "Value", resource.place.path, estate),
        profile=resource.profile,
    )
