"""What the commands that look at code have in common: paths and configuration in, facts out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from brokerlint.cache import Store, directory
from brokerlint.cli.progress import Progress
from brokerlint.cli.revision import Checkout
from brokerlint.config import Config, ConfigError, find, load
from brokerlint.declared import with_environments, with_services
from brokerlint.discover import KINDS
from brokerlint.document import DocumentError
from brokerlint.document import load as load_document
from brokerlint.facts import Facts
from brokerlint.globs import below
from brokerlint.merging import merge
from brokerlint.report.escape import terminal
from brokerlint.report.excerpt import SourceLines

if TYPE_CHECKING:
    from concurrent.futures import Executor

_DOCUMENT_MARK = b'"brokerlint/'
_HEAD = 4096
_NO_CACHE = "brokerlint.no_cache"
_EXECUTOR = "brokerlint.executor"
_CONNECTED = "brokerlint.connected"
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Inputs:
    """The facts of all given paths, the configuration, and the sources as far as there are any. ``store`` keeps what is
    found out about the one tree that they are."""

    facts: Facts
    config: Config
    lines: SourceLines
    store: Store | None = None


def words(ctx: click.Context, parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """The words of a repeatable option: ``--select ARC,SQS1 --select KFK`` gives three."""
    return tuple(word for value in values for word in value.replace(",", " ").split())


def arguments(command: _F) -> _F:
    """The argument and options that say what to look at."""
    paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
    config = click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Configuration to use instead of the nearest one.",
    )
    include = click.option(
        "--include",
        multiple=True,
        callback=words,
        metavar="WHAT",
        help="Also look at tests, examples, vendored or generated files, or those of a pattern.",
    )
    strict = click.option("--strict", is_flag=True, help="Exit with 2 when a file could not be read.")
    no_cache = click.option(
        "--no-cache",
        is_flag=True,
        expose_value=False,
        callback=_without_cache,
        help="Neither use nor keep what earlier runs found out.",
    )
    executor = click.option(
        "--executor",
        metavar="dask:ADDRESS",
        expose_value=False,
        callback=_named_executor,
        help="Read on the Dask cluster whose scheduler has this address (needs brokerlint[dask]).",
    )
    return paths(config(include(strict(no_cache(executor(command))))))


def _named_executor(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    ctx.meta[_EXECUTOR] = value


def _executor() -> Executor | None:
    """The workers that the user wants to read; connected once, until the command ends."""
    context = click.get_current_context(silent=True)
    chosen = context.meta.get(_EXECUTOR) if context is not None else None
    if context is None or chosen is None:
        return None
    if _CONNECTED not in context.meta:
        from brokerlint.cluster import ClusterError, connected

        try:
            context.meta[_CONNECTED] = context.with_resource(connected(chosen))
        except ClusterError as error:
            raise click.ClickException(f"--executor: {error}") from error
    return cast("Executor", context.meta[_CONNECTED])


def _without_cache(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    ctx.meta[_NO_CACHE] = value


def _store(tree: Path) -> Store | None:
    """Where what is found out about ``tree`` is kept; None when the user wants none of that."""
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(_NO_CACHE):
        return None
    place = directory()
    return Store(tree, place) if place else None


def told(command: Callable[..., int]) -> Callable[..., int]:
    """``command`` with mistakes in what the user wrote as errors of one line."""

    @wraps(command)
    def telling(*args: Any, **options: Any) -> int:
        try:
            return command(*args, **options)
        except (ConfigError, DocumentError) as error:
            raise click.ClickException(str(error)) from error

    return telling


def gather(
    paths: Sequence[Path],
    config_path: Path | None,
    include: Sequence[str],
    change: dict[str, Any],
    checkout: Checkout | None = None,
    texts: Mapping[str, bytes] = MappingProxyType({}),
) -> Inputs:
    """The facts of ``paths`` (directories, files, graph documents; by default the current directory).

    ``change`` replaces values of the configuration. In a ``checkout`` of a revision the configuration of what it stands
    for holds. ``texts`` hold instead of files, by path below what all trees have in common. Raises ``ClickException``
    for a path that is not there.
    """
    paths = tuple(paths) or (Path(),)
    for path in paths:
        if not path.exists():
            raise click.ClickException(f"{path}: no such file or directory")
    documents = [path for path in paths if _is_document(path)]
    trees = _trees([path for path in paths if path not in documents])
    real = checkout.original if checkout else Path
    found = config_path or find(real(next(iter(trees), Path())))
    config = replace(load(found) if found else Config(), **change)
    config = replace(config, include=(*config.include, *include))
    root = _common(trees)
    stores = {tree: _store(real(tree)) for tree in trees}
    with Progress() as progress:
        parts = [(path.stem, load_document(path)) for path in documents]
        parts += [
            (
                _label(tree, root),
                _facts(
                    tree,
                    only,
                    config,
                    _steps(config, real(tree)),
                    progress,
                    _inside(tree, root, texts),
                    stores[tree],
                ),
            )
            for tree, only in trees.items()
        ]
    alone = next(iter(stores.values())) if len(parts) == len(stores) == 1 else None
    return Inputs(merge(parts), config, SourceLines(root), alone)


def warn(facts: Facts) -> None:
    """One line on standard error for each thing that could not be looked at."""
    for item in facts.diagnostics:
        where = ":".join(part for part in (item.path, str(item.line) if item.line else "") if part)
        click.echo(f"warning: {terminal(f'{where}: {item.message}' if where else item.message)}", err=True)


def refuse(facts: Facts, *, strict: bool) -> None:
    """An error when ``strict`` and something could not be looked at."""
    count = len(facts.diagnostics)
    if strict and count:
        raise click.ClickException(f"{count} warning{'s' * (count > 1)}, and --strict allows none")


def _trees(paths: Sequence[Path]) -> dict[Path, frozenset[str]]:
    """The directories to analyse, each with the names of the files that alone are asked for (none: all of it)."""
    trees: dict[Path, frozenset[str]] = {path: frozenset() for path in paths if path.is_dir()}
    for path in paths:
        if not path.is_dir() and not (path.parent in trees and not trees[path.parent]):
            trees[path.parent] = trees.get(path.parent, frozenset()) | {path.name}
    return trees


def _steps(config: Config, root: Path) -> str:
    """The way from the directory of the configuration down to ``root``; empty when it does not lead down."""
    if not config.source:
        return ""
    way = os.path.relpath(root.resolve(), config.base.resolve()).replace(os.sep, "/")
    return "" if way.startswith("..") else way


def _facts(
    root: Path,
    only: frozenset[str],
    config: Config,
    steps: str,
    progress: Progress,
    texts: Mapping[str, bytes],
    store: Store | None,
) -> Facts:
    from brokerlint.pipeline import Options, analyse  # documents need no parser
    from brokerlint.python.source import WorkersError

    here = partial(below, directory=steps)
    kinds = [word for word in config.include if word in KINDS]
    try:
        patterns, excluded = here(word for word in config.include if word not in KINDS), here(config.exclude)
        chosen = (*kinds, *patterns), excluded, config.wrappers
        options = Options(*chosen, executor=_executor(), texts=texts, store=store)
        facts = analyse(root, options, progress)
        facts = with_environments(with_services(facts, config.services, here), config.environments, here)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except WorkersError as error:
        raise click.ClickException(f"--executor: {error}") from error
    return _narrowed(facts, only) if only else facts


def _narrowed(facts: Facts, only: frozenset[str]) -> Facts:
    """What some files say: their endpoints, links, channels and problems; the services stay."""
    return replace(
        facts,
        endpoints=tuple(endpoint for endpoint in facts.endpoints if endpoint.place.path in only),
        links=tuple(link for link in facts.links if link.place.path in only),
        channels=tuple(c for c in facts.channels if any(place.path in only for place in c.declared_at)),
        unresolved=tuple(item for item in facts.unresolved if item.place.path in only),
        diagnostics=tuple(item for item in facts.diagnostics if item.path in only),
    )


def _is_document(path: Path) -> bool:
    """Whether a file is a document that brokerlint wrote (a template in JSON is none)."""
    if path.suffix != ".json" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return _DOCUMENT_MARK in file.read(_HEAD)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be read: {error.strerror or error}") from error


def _common(trees: Iterable[Path]) -> Path | None:
    """The directory that places are relative to: the only tree, or what several have in common."""
    roots = list(trees)
    if len(roots) < 2:
        return roots[0] if roots else None
    return Path(os.path.commonpath([path.resolve() for path in roots]))


def _label(tree: Path, root: Path | None) -> str:
    """What a tree's paths start with when several are merged: the way to it from the common directory."""
    assert root is not None
    return os.path.relpath(tree.resolve(), root.resolve()).replace(os.sep, "/").removeprefix(".")


def _inside(tree: Path, root: Path | None, texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of ``texts`` (by path below ``root``) that lie in a tree, by path below the tree."""
    assert root is not None
    label = "" if tree == root else f"{_label(tree, root)}/"
    return {path.removeprefix(label): data for path, data in texts.items() if path.startswith(label)}
