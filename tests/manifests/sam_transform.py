"""AWS's own transform as the judge of brokerlint's reading of SAM.

A template is read twice: as it is written, and after ``aws-sam-translator`` has turned it into plain CloudFormation.
Both readings must give the same facts. As a command it takes templates or folders and prints what differs:
``python tests/manifests/sam_transform.py FOLDER...``
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import posixpath
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brokerlint.manifests import registry
from brokerlint.manifests.facts import Choice, Concat, End, Hole, ManifestFacts, Reference, Setting, Text, Variable

_LOCAL = "s3://beside-the-template/"
_FOLDERS = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
    "AWS::Serverless::Api": "DefinitionUri",
    "AWS::Serverless::HttpApi": "DefinitionUri",
}
"""What the transform wants to have been uploaded."""

_NOT_COMPARED = ("policy",)
"""Who may use a channel: the transform writes the permissions of what it connects, brokerlint reads the connections."""


class RefusedError(Exception):
    """The transform refuses the template."""


@dataclass(slots=True)
class Comparison:
    """``equal`` counts facts by their kind; ``different`` are (kind, written facts, transformed facts)."""

    equal: Counter[str] = field(default_factory=Counter)
    different: list[tuple[str, str, str]] = field(default_factory=list)


def compared(path: str, text: str) -> Comparison:
    """The two readings of a template side by side."""
    written = dict(_facts(_read(path, text)))
    transformed = dict(_facts(_read(path, json.dumps(transform(text)))))
    found = Comparison()
    for key in {**written, **transformed}:
        mine, theirs = written.get(key, "nothing"), transformed.get(key, "nothing")
        if mine == theirs:
            found.equal[key[0]] += 1
        else:
            found.different.append((" ".join(key), mine, theirs))
    return found


def transform(text: str) -> dict[str, Any]:
    """The template as CloudFormation deploys it, with paths of code as they were."""
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.translator.transform import transform as of_aws
    from samtranslator.yaml_helper import yaml_parse

    template = json.loads(json.dumps(yaml_parse(text), default=str))
    _upload(template)
    unknown = {name: {"Ref": name} for name in ("AWS::Region", "AWS::Partition")}
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    try:
        made = of_aws(template, unknown, _Policies())
    except InvalidDocumentException as error:
        raise RefusedError("; ".join(cause.message for cause in error.causes)) from error
    made["Transform"] = template.get("Transform")
    return _download(made)


class _Policies:
    """Managed policies by name; nothing is asked of AWS."""

    def load(self) -> dict[str, str]:
        return {}


def _upload(template: dict[str, Any]) -> None:
    """Gives every local path the form of an upload, as packaging does."""
    everywhere = (template.get("Globals") or {}).get("Function") or {}
    resources = [one for one in template["Resources"].values() if isinstance(one, dict)]
    for section in (everywhere, *(one.get("Properties") for one in resources)):
        for key in set(_FOLDERS.values()):
            if isinstance(section, dict) and isinstance(section.get(key), str) and "://" not in section[key]:
                section[key] = _LOCAL + (section[key].strip("/") or ".")
    for resource in resources:
        if resource.get("Type") != "AWS::Serverless::Function":
            continue
        properties = resource["Properties"] = resource.get("Properties") or {}
        known = {**everywhere, **properties}
        if known.get("PackageType") == "Image":
            properties.setdefault("ImageUri", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/built:latest")
        elif not {"CodeUri", "InlineCode", "ImageUri"} & known.keys():
            properties["CodeUri"] = f"{_LOCAL}."


def _download(made: dict[str, Any]) -> dict[str, Any]:
    for resource in made["Resources"].values():
        code = resource.get("Properties", {}).get("Code")
        if isinstance(code, dict) and code.get("S3Bucket") == _LOCAL.split("/")[2]:
            resource["Properties"]["Code"] = code["S3Key"]
    return made


def _read(path: str, text: str) -> ManifestFacts:
    return registry.read_all([path], lambda _: text.encode(), [path])


def _facts(facts: ManifestFacts) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every fact under a key that both readings share; what stands under one key twice is counted."""
    for service in facts.services:
        key = service.key.rpartition("#")[2]
        image = bool(service.image or service.properties.get("dockerfile"))
        yield ("function", key), _shown({
            **service.properties,
            "name": service.name, "handler": service.handler, "command": service.command,
            "roots": () if image else service.roots, "image": image, "dockerfile": None,
        })  # fmt: skip
        for name, setting in service.environment.items():
            yield ("variable", key, name), _shown(setting)
    for channel in facts.channels:
        yield (channel.system, channel.logical), _shown({"name": channel.name, "defaulted": set(channel.defaulted)})
        for name, value in channel.properties.items():
            if name not in _NOT_COMPARED:
                yield ("property", channel.logical, name), _shown(value)
    for link in facts.links:
        yield (link.kind, _shown(link.source), "->", _shown(link.target), _shown(link.properties)), "there"


def _shown(value: Any) -> str:
    """A value as text, without lines, file names and the way in which a resource is referred to."""
    if isinstance(value, Setting):
        return _shown(value.value)
    if isinstance(value, End):
        return f"{value.system}:{_shown(value.value)}"
    if isinstance(value, Reference):
        return f"<{value.key.rpartition('#')[2]}>"
    if isinstance(value, Text):
        return value.text
    if isinstance(value, (Hole, Variable)):
        return "?"
    if isinstance(value, Concat):
        return "".join(_shown(part) for part in value.parts)
    if isinstance(value, Choice):
        return "|".join(_shown(option) for option in value.options)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_shown(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    if isinstance(value, (set, frozenset)):
        return _shown(sorted(value))
    return str(value)


def _templates(places: list[Path]) -> Iterator[Path]:
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in (".yaml", ".yml", ".json", ".template") and path.is_file():
                data = path.read_bytes()
                if b"AWS::Serverless::" in data and b"Resources" in data:
                    yield path


def main() -> None:
    """Read the command line, compare, print."""
    logging.disable()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="+", type=Path, metavar="FOLDER")
    total = Comparison()
    templates, refused = 0, Counter[str]()
    for path in _templates(parser.parse_args().places):
        name = posixpath.join(*path.parts[-2:])
        try:
            found = compared(name, path.read_text("utf-8-sig"))
        except RefusedError as error:
            refused["refused by the transform"] += 1
            print(f"{path}: refused: {error}", file=sys.stderr)
            continue
        except Exception as error:
            refused[type(error).__name__] += 1
            print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        templates += 1
        total.equal += found.equal
        total.different += found.different
        for what, mine, theirs in found.different:
            print(f"{path}: {what}\n  written:     {mine}\n  transformed: {theirs}")
    print(f"templates {templates}, not transformed {dict(refused)}")
    print(f"equal {total.equal.total()} {dict(total.equal.most_common())}")
    print(f"different {len(total.different)}")


if __name__ == "__main__":
    main()
